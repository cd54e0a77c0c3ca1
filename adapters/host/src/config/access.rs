//! What clients may do: `[access]`, each fault told at its line.

use core::num::NonZeroU32;
use core::ops::Range;

use herd::access::InvalidRight;
use herd::{Access, Grant, Right, Rights, TokenHash};
use herd_command::did_you_mean;
use toml::Spanned;

use super::ConfigError;
use super::file::{AccessTable, ConfigFile, TokenTable};
use super::scalar::Scalar;

/// What a client without a token is called.
const ANONYMOUS: &str = "anonymous";

/// The longest name of a token, in bytes.
const LONGEST_NAME: usize = 64;

/// What the table says; `encrypted_only` is for servers that clients must speak TLS with.
pub(super) fn read(
    file: &ConfigFile,
    table: &Spanned<AccessTable>,
    encrypted_only: bool,
) -> Result<Access, ConfigError> {
    let (span, table) = (table.span(), table.get_ref());
    let anonymous = table.anonymous.as_ref().ok_or_else(|| {
        let what = "[access] does not say what clients without a token may do: add anonymous = [\"ask:*\"], \
                    [\"all\"], or [] for nothing";
        file.fault(&(span.start..span.start), what)
    })?;
    refuse_doubles(file, &table.token)?;
    let most = rate(file, table.reports_per_second.as_ref())?;
    let anonymous = Grant { name: ANONYMOUS.into(), rights: rights(file, anonymous)?, reports_per_second: most };
    let tokens = table.token.iter().map(|token| grant(file, token, most)).collect::<Result<Vec<_>, _>>()?;
    Access::new(anonymous, tokens, encrypted_only).map_err(|error| file.fault(&span, &error.to_string()))
}

fn grant(file: &ConfigFile, token: &TokenTable, most: Option<NonZeroU32>) -> Result<(TokenHash, Grant), ConfigError> {
    let name = token.name.get_ref();
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        let what = format!("name: expected 1 to {LONGEST_NAME} bytes without control characters, found {name:?}");
        return Err(file.fault(&token.name.span(), &what));
    }
    let grant = Grant {
        name: name.clone(),
        rights: rights(file, &token.may)?,
        reports_per_second: rate(file, token.reports_per_second.as_ref())?.or(most),
    };
    Ok((hash(file, &token.sha256)?, grant))
}

/// Tokens are told apart by their hashes, and for people by their names.
fn refuse_doubles(file: &ConfigFile, tokens: &[TokenTable]) -> Result<(), ConfigError> {
    for (index, token) in tokens.iter().enumerate() {
        let (name, sha256) = (token.name.get_ref(), token.sha256.get_ref());
        let line = |span: Range<usize>| file.line(&span);
        if let Some(first) = tokens[..index].iter().find(|first| first.name.get_ref() == name) {
            let what =
                format!("two tokens are named {name}; rename this one or the one at line {}", line(first.name.span()));
            return Err(file.fault(&token.name.span(), &what));
        }
        if let Some(first) = tokens[..index].iter().find(|first| first.sha256.get_ref().eq_ignore_ascii_case(sha256)) {
            let what = format!(
                "{name} and {} have the same sha256 (line {}), so they are one token; make another with `herd token`",
                first.name.get_ref(),
                line(first.sha256.span())
            );
            return Err(file.fault(&token.sha256.span(), &what));
        }
    }
    Ok(())
}

fn hash(file: &ConfigFile, text: &Spanned<String>) -> Result<TokenHash, ConfigError> {
    // What stands there may be the token itself.
    let what = "the sha256 of a token is 64 hexadecimal digits; `herd token` prints it with the token";
    TokenHash::parse(text.get_ref().as_bytes()).ok_or_else(|| file.fault(&text.span(), what))
}

fn rights(file: &ConfigFile, texts: &[Spanned<String>]) -> Result<Rights, ConfigError> {
    let right = |text: &Spanned<String>| {
        let right = text.get_ref().parse::<Right>();
        right.map_err(|error| file.fault(&text.span(), &format!("{error}{}", meant(&error))))
    };
    texts.iter().map(right).collect()
}

/// The nearest right there is, where the word is none.
fn meant(error: &InvalidRight) -> String {
    let InvalidRight::Unknown(text) = error else { return String::new() };
    let word = text.split_once(':').map_or(text.as_str(), |(word, _)| word);
    format!("{} (known: {})", did_you_mean(word, Right::WORDS), Right::WORDS.join(", "))
}

fn rate(file: &ConfigFile, value: Option<&Spanned<Scalar>>) -> Result<Option<NonZeroU32>, ConfigError> {
    let Some(value) = value else { return Ok(None) };
    let text = &value.get_ref().0;
    let what = || {
        let what = "expected a whole number from 1 to 4294967295, or no such line for no bound";
        file.fault(&value.span(), &format!("reports-per-second: {what}, found {text:?}"))
    };
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten().map(Some).ok_or_else(what)
}
