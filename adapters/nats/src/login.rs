//! What a server shows NATS to be let in.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use async_nats::Auth;
use nkeys::KeyPair;

/// What a server shows NATS to be let in. Its file is read with each connection that is made, so another one may take its
/// place while the server runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// A NATS credentials file: a JWT and the seed of its key.
    Credentials(PathBuf),
    /// A user, and the file that has the password.
    Password {
        /// The user's name.
        user: String,
        /// The file.
        file: PathBuf,
    },
}

/// Why a file cannot be used to log in. It shows nothing of what is in the file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", file.display())]
pub struct LoginError {
    file: PathBuf,
    what: Fault,
}

#[derive(Debug)]
enum Fault {
    Unreadable(io::Error),
    TooLarge,
    NoJwt,
    NoSeed,
    NoPassword,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "cannot be read: {why}; check its path"),
            Self::TooLarge => f.write_str("larger than 64KiB; is this the right file?"),
            Self::NoJwt => f.write_str("no user JWT in it; is this a NATS credentials file?"),
            Self::NoSeed => f.write_str("no valid seed of a user's nkey in it; is this a NATS credentials file?"),
            Self::NoPassword => f.write_str("no password on its first line"),
        }
    }
}

/// Far more than any of these files has.
const MOST_BYTES: u64 = 64 << 10;

impl Login {
    /// Looks whether the file can be used.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self) -> Result<(), LoginError> {
        self.auth(&[]).map(drop)
    }

    /// What to show to a server that has said this nonce.
    pub(crate) fn auth(&self, nonce: &[u8]) -> Result<Auth, LoginError> {
        let mut auth = Auth::new();
        match self {
            Self::Credentials(file) => {
                let fault = |what| LoginError { file: file.clone(), what };
                let text = read(file)?;
                let jwt = between(&text, "NATS USER JWT").ok_or_else(|| fault(Fault::NoJwt))?;
                let seed = between(&text, "USER NKEY SEED").ok_or_else(|| fault(Fault::NoSeed))?;
                let signed = KeyPair::from_seed(seed).and_then(|key| key.sign(nonce));
                auth.jwt = Some(jwt.to_owned());
                auth.signature = Some(signed.map_err(|_| fault(Fault::NoSeed))?);
            }
            Self::Password { user, file } => {
                let text = read(file)?;
                let password = text.lines().next().map(str::trim).filter(|line| !line.is_empty());
                let password = password.ok_or_else(|| LoginError { file: file.clone(), what: Fault::NoPassword })?;
                auth.username = Some(user.clone());
                auth.password = Some(password.to_owned());
            }
        }
        Ok(auth)
    }
}

fn read(file: &Path) -> Result<String, LoginError> {
    let fault = |what| LoginError { file: file.into(), what };
    let size = fs::metadata(file).map_err(|why| fault(Fault::Unreadable(why)))?.len();
    if size > MOST_BYTES {
        return Err(fault(Fault::TooLarge));
    }
    fs::read_to_string(file).map_err(|why| fault(Fault::Unreadable(why)))
}

/// What stands between the line that begins with dashes and says `BEGIN` and this name, and the next line of dashes.
fn between<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let begin = |line: &&str| line.starts_with("---") && line.contains("BEGIN") && line.contains(name);
    let mut lines = text.lines().map(str::trim).skip_while(|line| !begin(line)).skip(1);
    lines.next().filter(|line| !line.is_empty() && !line.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credentials_file_has_a_jwt_and_a_seed() {
        let seed = KeyPair::new_user().seed().expect("a seed");
        let text = format!(
            "-----BEGIN NATS USER JWT-----\r\neyJ0.eyJq.c2ln\r\n------END NATS USER JWT------\r\n\n*** IMPORTANT ***\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        );
        assert_eq!(between(&text, "NATS USER JWT"), Some("eyJ0.eyJq.c2ln"));
        assert_eq!(between(&text, "USER NKEY SEED"), Some(seed.as_str()));
        assert_eq!(between("-----BEGIN NATS USER JWT-----\n------END NATS USER JWT------\n", "NATS USER JWT"), None);
        assert_eq!(between("", "NATS USER JWT"), None);
    }

    #[test]
    fn no_error_shows_what_is_in_a_file() {
        let folder = std::env::temp_dir().join(format!("herd-nats-login-{}", std::process::id()));
        fs::write(&folder, "hush\n").expect("a file");
        let error = Login::Credentials(folder.clone()).check().expect_err("these are no credentials").to_string();
        assert!(error.contains("no user JWT") && !error.contains("hush"), "{error}");
        let login = Login::Password { user: "us".into(), file: folder.clone() };
        assert_eq!(login.auth(&[]).expect("a password").password.as_deref(), Some("hush"));
        fs::remove_file(&folder).expect("it is there");
        let error = login.check().expect_err("it has gone").to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
