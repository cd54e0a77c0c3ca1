//! stub
use crate::failure::Failure;
use clap::Args;
use std::process::ExitCode;
/// Plot
#[derive(Args)]
pub(crate) struct Plot {}
impl Plot {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        Ok(ExitCode::SUCCESS)
    }
}
