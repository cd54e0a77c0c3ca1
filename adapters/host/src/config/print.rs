//! Every setting that counts, as a config file would say it, and where it comes from.

use std::fmt::{self, Write};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::file::ConfigFile;
use super::keys::{Key, Kind, MANY, every_key, header, tables};
use super::layers::Layers;
use super::{ConfigError, Environment, Flags, Settings};

/// The settings as a config file, in which a comment behind each says where it comes from. No secret is in it.
///
/// # Errors
/// Where the config file cannot be read; who calls has mostly read it before.
pub(crate) fn print(settings: &Settings, flags: &Flags, environment: &Environment) -> Result<String, ConfigError> {
    let mut layers = Layers::new(flags, environment);
    let file = layers.given("config").map(|path| ConfigFile::read(Path::new(&path.text))).transpose()?;
    let root = file.as_ref().map(|file| file.document()).transpose()?;
    let root = root.as_ref().map(toml::Spanned::get_ref);
    if let Some(file) = &file {
        layers.under(file.tables()?.values(file));
    }
    let printer = Printer { layers, file: file.as_ref().zip(root) };
    let mut out = String::new();
    printer.all(settings, &mut out).expect("a string takes every write");
    Ok(out)
}

/// Tables that say something by being there: they are left out where nobody has given anything of them.
const OPTIONAL: [&str; 4] = ["data", "access", "tls", "region"];

struct Printer<'a> {
    layers: Layers<'a>,
    file: Option<(&'a ConfigFile, &'a DeTable<'a>)>,
}

/// A value as it would be written, and where it was given, if it was.
struct Entry {
    name: &'static str,
    value: String,
    origin: Option<String>,
}

impl Printer<'_> {
    fn all(&self, settings: &Settings, out: &mut String) -> fmt::Result {
        self.servers(settings, out)?;
        for table in tables().into_iter().filter(|table| !MANY.contains(table)) {
            let entries: Vec<Entry> =
                every_key().filter(|key| key.table == table).filter_map(|key| self.entry(&key)).collect();
            if OPTIONAL.contains(&table) && entries.iter().all(|entry| entry.origin.is_none()) {
                continue;
            }
            writeln!(out, "\n{}", header(table))?;
            self.secret(table, out)?;
            for Entry { name, value, origin } in entries {
                writeln!(out, "{name} = {value}  # {}", origin.as_deref().unwrap_or("default"))?;
            }
        }
        self.tokens(out)
    }

    /// The first that has the key: flag, variable, file, default.
    fn entry(&self, key: &Key) -> Option<Entry> {
        let given = key.flag.and_then(|flag| self.layers.given(flag));
        if let Some(given) = given {
            let (text, origin) = (given.text.to_string_lossy(), Some(given.origin.to_string()));
            return Some(Entry { name: key.name, value: written(key.kind, &text), origin });
        }
        self.of_file(key)
            .or_else(|| Some(Entry { name: key.name, value: written(key.kind, &key.default()?), origin: None }))
    }

    fn of_file(&self, key: &Key) -> Option<Entry> {
        let (file, root) = self.file?;
        let mut table = root;
        for part in key.table.split('.') {
            table = table.get(part)?.get_ref().as_table()?;
        }
        let value = table.get(key.name)?;
        let text = match (key.kind, value.get_ref()) {
            (Kind::Path, DeValue::String(path)) => written(Kind::Path, &file.beside(path).to_string_lossy()),
            _ => file.text_at(&value.span()).to_owned(),
        };
        Some(Entry { name: key.name, value: text, origin: Some(file.at(&value.span()).to_string()) })
    }

    /// Says where a secret comes from that a variable holds.
    fn secret(&self, table: &str, out: &mut String) -> fmt::Result {
        let variable = match table {
            "herd" => "secret",
            "places" => "places-key",
            _ => return Ok(()),
        };
        match self.layers.variable(variable) {
            Some(given) => writeln!(out, "# {} is set, and not shown", given.origin),
            None => Ok(()),
        }
    }

    /// The tokens, of which the file has only hashes.
    fn tokens(&self, out: &mut String) -> fmt::Result {
        let Some((file, root)) = self.file else { return Ok(()) };
        let tokens = root.get("access").and_then(|access| access.get_ref().get("token"));
        for token in tokens.and_then(|tokens| tokens.get_ref().as_array()).into_iter().flatten() {
            writeln!(out, "\n[[access.token]]  # {}", file.at(&token.span()))?;
            for (key, value) in token.get_ref().as_table().into_iter().flatten() {
                writeln!(out, "{} = {}", key.get_ref(), file.text_at(&value.span()))?;
            }
        }
        Ok(())
    }

    fn servers(&self, settings: &Settings, out: &mut String) -> fmt::Result {
        let herd = &settings.herd;
        let tables =
            self.file.and_then(|(_, root)| root.get("server")).and_then(|servers| servers.get_ref().as_array());
        for (index, id) in herd.ids().enumerate() {
            let table = tables.and_then(|tables| tables.get(index));
            let origin = match (self.file, table) {
                (Some((file, _)), Some(table)) => file.at(&table.span()).to_string(),
                _ => "built-in".into(),
            };
            let member = herd.member(id);
            let links: Vec<&str> = herd.neighbours(id).iter().map(|&other| herd.name(other).as_str()).collect();
            writeln!(out, "{}[[server]]  # {origin}", if index == 0 { "" } else { "\n" })?;
            writeln!(out, "name = {}", quoted(member.name.as_str()))?;
            writeln!(out, "listen = {}", quoted(settings.listen(id)))?;
            writeln!(out, "address = {}", quoted(&member.address))?;
            writeln!(out, "links = [{}]", links.iter().map(|link| quoted(link)).collect::<Vec<_>>().join(", "))?;
            if settings.herd.trust().plain.contains(&member.name) {
                writeln!(out, "plain = true")?;
            }
            if let Some(http) = table.and_then(|table| table.get_ref().get("http")?.get_ref().as_str()) {
                writeln!(out, "http = {}", quoted(http))?;
            }
        }
        Ok(())
    }
}

/// A text of a flag or a variable, as a file would have it.
fn written(kind: Kind, text: &str) -> String {
    let is_bare = text.parse::<u64>().is_ok() || text.parse::<bool>().is_ok();
    match kind {
        Kind::Path => quoted(&std::path::absolute(text).unwrap_or_else(|_| text.into()).to_string_lossy()),
        Kind::Value | Kind::Switch if is_bare => text.to_owned(),
        _ => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}
