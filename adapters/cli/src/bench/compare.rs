//! stub
use crate::failure::Failure;
use clap::Args;
use std::process::ExitCode;
/// Compare
#[derive(Args)]
pub(crate) struct Compare {}
impl Compare {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        Ok(ExitCode::SUCCESS)
    }
}
