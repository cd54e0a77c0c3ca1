//! `herd certs`: makes an authority, and a certificate for each server of a herd.

mod authority;
mod files;
mod hosts;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use herd::Herd;
use herd_command::number;
use herd_host::config::Environment;
use herd_host::{check_names, file_name};
use serde_json::json;

use self::authority::{Authority, expiry};
use self::files::{is_there, write_pair};
use self::hosts::hosts;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::herd_file::HerdFile;

/// Make a certificate authority, and a certificate for each server of a herd
///
/// The authority (ca.pem, ca.key) is made once and then signs all certificates. Certificates of servers (NAME.pem, NAME.key)
/// that exist are kept unless --force is given: after adding a server, run this again to make its certificate.
#[derive(Args)]
pub(crate) struct Certs {
    #[command(flatten)]
    herd: HerdFile,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = "certs")]
    out: PathBuf,
    /// How many days the certificates are valid; the authority is valid for ten years
    #[arg(long, value_name = "DAYS", default_value = "365", value_parser = number(1..=36_500_u32))]
    days: u32,
    /// Replace existing certificates of servers; the authority is kept
    #[arg(long)]
    force: bool,
}

impl Certs {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let servers = self.herd.servers(&Environment::process())?;
        let names = servers.herd.members().iter().map(|member| member.name.as_str());
        check_names(names).map_err(|(_, why)| Failure::Usage(why.to_string()))?;
        let hosts = hosts(&servers).map_err(Failure::Usage)?;
        std::fs::create_dir_all(&self.out).map_err(|why| self.failed(&why))?;
        let authority = self.authority(format)?;
        let mut out = io::stdout().lock();
        for (member, hosts) in servers.herd.members().iter().zip(hosts) {
            let name = member.name.as_str();
            let (certificate, key) = (self.path(name, "pem"), self.path(name, "key"));
            let path = certificate.display().to_string();
            if is_there(&[&certificate, &key]) && !self.force {
                match format {
                    Format::Text => writeln!(out, "{path}: kept")?,
                    Format::Json => writeln!(out, "{}", format::line(&json!({ "file": path, "made": false })))?,
                }
                continue;
            }
            let made = authority.certify(name, &hosts, self.days).map_err(|why| self.failed(&io::Error::other(why)))?;
            write_pair(&made, &certificate, &key).map_err(|why| self.failed(&why))?;
            let (hosts, until): (Vec<_>, _) = (hosts.iter().map(ToString::to_string).collect(), expiry(self.days));
            match format {
                Format::Text => writeln!(out, "{path}: for {name}, {}, until {until}", hosts.join(", "))?,
                Format::Json => {
                    let made = json!({ "file": path, "made": true, "server": name, "hosts": hosts, "until": until });
                    writeln!(out, "{}", format::line(&made))?;
                }
            }
        }
        if format == Format::Text {
            self.tell_settings(&servers.herd, &mut out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The authority that is there, or a new one.
    fn authority(&self, format: Format) -> Result<Authority, Failure> {
        let (certificate, key) = (self.out.join("ca.pem"), self.out.join("ca.key"));
        let there = [&certificate, &key].map(|path| is_there(&[path]));
        if there == [false, false] {
            let (authority, made) = Authority::new().map_err(|why| self.failed(&io::Error::other(why)))?;
            write_pair(&made, &certificate, &key).map_err(|why| self.failed(&why))?;
            let path = certificate.display().to_string();
            match format {
                Format::Text => writeln!(io::stdout(), "{path}: an authority; keep {} secret", key.display())?,
                Format::Json => writeln!(io::stdout(), "{}", format::line(&json!({ "file": path, "made": true })))?,
            }
            return Ok(authority);
        }
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).map_err(|why| {
                let what = "an authority is a pair, ca.pem and ca.key: put the other one there, or name another folder";
                Failure::Usage(format!("{}: {why}; {what}", path.display()))
            })
        };
        Authority::read(&read(&certificate)?, &read(&key)?)
            .map_err(|why| Failure::Usage(format!("{}: {why}", certificate.display())))
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.out.join(format!("{}.{extension}", file_name(name)))
    }

    fn failed(&self, why: &io::Error) -> Failure {
        Failure::Output(io::Error::new(why.kind(), format!("{}: {why}", self.out.display())))
    }

    /// What to write in the herd's file.
    fn tell_settings(&self, herd: &Herd, out: &mut impl Write) -> io::Result<()> {
        let folder = self.out.display();
        writeln!(out, "In the herd's file, with paths as seen from its folder:")?;
        writeln!(out, "  [tls]\n  cert = \"{folder}/{{name}}.pem\"\n  key = \"{folder}/{{name}}.key\"")?;
        writeln!(out, "  ca = \"{folder}/ca.pem\"")?;
        if herd.members().len() > 1 {
            writeln!(out, "Each server needs its own two files and ca.pem; ca.key is for making more.")?;
        }
        out.flush()
    }
}
