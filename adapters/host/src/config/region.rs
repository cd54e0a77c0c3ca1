//! `[region]`: which region a herd is, and where the others are found.

use std::path::PathBuf;

use core::ops::Range;

use herd::ServerName;
use herd_nats::{Login, NatsUrl, Settings, is_token};
use toml::Spanned;

use super::file::{ConfigFile, RegionTable};
use super::layers::Given;
use super::{ConfigError, Warning};
use crate::tls::pem;

const A_TOKEN: &str = "1 to 64 letters, digits, - and _, as in us-east";

/// The file's settings of the region, where it has any.
pub(super) fn find(
    file: &ConfigFile,
    table: Option<&Spanned<RegionTable>>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Settings>, ConfigError> {
    let Some(table) = table else { return Ok(None) };
    let (at, table) = (table.span(), table.get_ref());
    let missing = |what: &str| file.fault(&at, &format!("[region] {what}"));
    let name = table.name.as_ref().ok_or_else(|| missing("has no name: add one, as in name = \"us\""))?;
    if table.nats.is_empty() {
        return Err(missing("has no nats: say where NATS is, as in nats = [\"nats://127.0.0.1:4222\"]"));
    }
    let nats = table.nats.iter().map(|url| {
        let said = |error| file.fault(&url.span(), &format!("nats: {error}"));
        NatsUrl::new(url.get_ref()).map_err(said)
    });
    let mut settings = Settings::new(region(file, name)?, nats.collect::<Result<_, _>>()?);
    if let Some(prefix) = &table.prefix {
        settings.prefix = token(file, prefix, "prefix")?;
    }
    if let Some(replicas) = &table.replicas {
        settings.replicas = self::replicas(&file.given_scalar(replicas))?;
    }
    settings.login = login(file, table, &at, warnings)?;
    settings.ca = table.ca.as_ref().map(|ca| checked(&file.given_path(ca), pem::authorities)).transpose()?;
    settings.certificate = certificate(file, table, warnings)?;
    Ok(Some(settings))
}

fn token(file: &ConfigFile, text: &Spanned<String>, what: &str) -> Result<String, ConfigError> {
    let said = || file.fault(&text.span(), &format!("{what}: expected {A_TOKEN}, found {:?}", text.get_ref()));
    is_token(text.get_ref()).then(|| text.get_ref().clone()).ok_or_else(said)
}

fn region(file: &ConfigFile, name: &Spanned<String>) -> Result<ServerName, ConfigError> {
    let text = token(file, name, "name")?;
    ServerName::new(&text).map_err(|error| file.fault(&name.span(), &error.to_string()))
}

fn replicas(given: &Given) -> Result<usize, ConfigError> {
    let text = given.as_text()?;
    let count = text.parse().ok().filter(|count| (1..=Settings::MOST_REPLICAS).contains(count));
    count.ok_or_else(|| given.fault(format!("replicas: expected a number from 1 to 5, found {text:?} (default: 1)")))
}

/// What is shown to NATS to be let in. The file is read now to see that it can be used, and again with each connection.
fn login(
    file: &ConfigFile,
    table: &RegionTable,
    at: &Range<usize>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Login>, ConfigError> {
    let path = |path: &Spanned<String>| file.given_path(path);
    let (given, login) = match (&table.credentials_file, &table.user, &table.password_file) {
        (None, None, None) => return Ok(None),
        (Some(credentials), None, None) => {
            let given = path(credentials);
            let login = Login::Credentials(PathBuf::from(&given.text));
            (given, login)
        }
        (None, Some(user), Some(password)) => {
            let given = path(password);
            let login = Login::Password { user: user.get_ref().clone(), file: PathBuf::from(&given.text) };
            (given, login)
        }
        _ => {
            let what = "logs in with credentials-file, or with user and password-file, and not with parts of both";
            return Err(file.fault(at, &format!("[region] {what}")));
        }
    };
    login.check().map_err(|error| given.fault(error.to_string()))?;
    warnings.extend(Warning::of_secret(&PathBuf::from(&given.text)));
    Ok(Some(login))
}

fn certificate(
    file: &ConfigFile,
    table: &RegionTable,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(PathBuf, PathBuf)>, ConfigError> {
    match (&table.certificate, &table.key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let certificate = checked(&file.given_path(certificate), pem::chain)?;
            let key = checked(&file.given_path(key), pem::key)?;
            warnings.extend(Warning::of_secret(&key));
            Ok(Some((certificate, key)))
        }
        (Some(one), None) | (None, Some(one)) => {
            Err(file.fault(&one.span(), "[region] needs a certificate and its key, or neither"))
        }
    }
}

/// A path, where what is there can be read.
fn checked<T>(given: &Given, read: impl FnOnce(&std::ffi::OsStr) -> Result<T, String>) -> Result<PathBuf, ConfigError> {
    read(&given.text).map_err(|what| given.fault(what))?;
    Ok(PathBuf::from(&given.text))
}
