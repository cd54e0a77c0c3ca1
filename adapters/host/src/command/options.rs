//! The options that every command takes.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Args, FromArgMatches, value_parser};
use herd::Limits;

use crate::config::{Flags, LIMITS, Limit, PLACES_LIMITS, REGION_LIMITS, every_limit};

/// Options as they were given: text, which [`config`](crate::config) reads by the same rules as the
/// environment's and the file's.
#[derive(Args)]
pub(super) struct Options {
    #[arg(
        long,
        help = "The herd's config file (TOML) [default: the built-in herd] [env: HERD_CONFIG]",
        value_name = "FILE"
    )]
    config: Option<OsString>,
    /// The file with the herd's hash key, the same for all servers [default: no key]
    #[arg(long, value_name = "FILE")]
    hash_key_file: Option<OsString>,
    #[arg(
        long,
        help = "The file with the secrets by which the herd's servers know each other [see also: HERD_SECRET]",
        value_name = "FILE"
    )]
    secret_file: Option<OsString>,
    #[arg(
        long,
        help = "Trust a neighbour that proves nothing by its IP address [default: false]",
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    trust_addresses: Option<OsString>,
    /// How many threads serve connections [default: one fewer than there are cores, at least 1]
    #[arg(long, value_name = "COUNT")]
    workers: Option<OsString>,
    #[arg(
        long,
        help = "Where the first server speaks HTTP, or off [default: off; up without --config: 127.0.0.1:12890]",
        value_name = "ADDR:PORT"
    )]
    http: Option<OsString>,
    /// The file to append the log to [default: standard error]
    #[arg(long, value_name = "FILE", help_heading = "Log")]
    log: Option<OsString>,
    /// The form of log lines: human or json [default: human]
    #[arg(long, value_name = "FORMAT", help_heading = "Log")]
    log_format: Option<OsString>,
    #[arg(
        long,
        help = "A level, or TARGET=LEVEL, with commas between: info,herd::wire=debug [default: info]",
        value_name = "FILTER",
        visible_alias = "log-level",
        help_heading = "Log"
    )]
    log_filter: Option<OsString>,
    /// Where places come from: embedded, google, google-legacy or file [default: embedded]
    #[arg(long, value_name = "SOURCE", help_heading = "Places")]
    places: Option<OsString>,
    /// The URL that google and google-legacy fetch from, in place of Google's own
    #[arg(long, value_name = "URL", help_heading = "Places")]
    places_url: Option<OsString>,
    #[arg(
        long,
        help = "The file with the key for google and google-legacy [see also: HERD_PLACES_KEY]",
        value_name = "FILE",
        help_heading = "Places"
    )]
    places_key_file: Option<OsString>,
    /// The GeoJSON file with the points, for the source file
    #[arg(long, value_name = "FILE", help_heading = "Places")]
    places_file: Option<OsString>,
    /// The property that holds a point's name [default: name]
    #[arg(long, value_name = "PROPERTY", help_heading = "Places")]
    places_name: Option<OsString>,
    #[arg(
        long,
        help = "Refuse the file if any of its points cannot be used, instead of skipping that point [default: false]",
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Places"
    )]
    places_strict: Option<OsString>,
    /// The CA certificates (PEM) to trust when fetching, in place of Mozilla's list
    #[arg(long, value_name = "FILE", help_heading = "Places")]
    places_ca_file: Option<OsString>,
    /// The server's certificate, with any intermediate ones (PEM); {name} stands for the server's name
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    tls_cert: Option<OsString>,
    /// The private key of that certificate (PEM); {name} stands for the server's name
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    tls_key: Option<OsString>,
    /// The CA certificates (PEM) to trust
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    tls_ca: Option<OsString>,
    /// Whether neighbours must use TLS and show a certificate: required, optional or off [default: required]
    #[arg(long, value_name = "CHOICE", help_heading = "TLS")]
    tls_neighbours: Option<OsString>,
    /// Whether clients must use TLS: required, optional or off [default: optional]
    #[arg(long, value_name = "CHOICE", help_heading = "TLS")]
    tls_clients: Option<OsString>,
    /// The folder to keep data in; each server has a folder of its name in it [default: no data is kept]
    #[arg(long, value_name = "DIR", help_heading = "Data")]
    data: Option<OsString>,
    /// How much a crash may lose: the reports of this time, or with `each` none, since replies wait for the disk [default: 1s]
    #[arg(long, value_name = "TIME|each", help_heading = "Data")]
    data_sync: Option<OsString>,
    /// If data is damaged, start with what can be read, and move the damaged files aside
    #[arg(long, help_heading = "Data")]
    data_recover: bool,
    #[command(flatten)]
    limits: LimitFlags,
}

impl Options {
    /// The options by their flags' names.
    pub(super) fn flags(&self) -> Flags {
        let mut flags = self.limits.0.clone();
        let given = [
            ("config", &self.config),
            ("hash-key-file", &self.hash_key_file),
            ("secret-file", &self.secret_file),
            ("trust-addresses", &self.trust_addresses),
            ("workers", &self.workers),
            ("http", &self.http),
            ("log", &self.log),
            ("log-format", &self.log_format),
            ("log-filter", &self.log_filter),
            ("places", &self.places),
            ("places-url", &self.places_url),
            ("places-key-file", &self.places_key_file),
            ("places-file", &self.places_file),
            ("places-name", &self.places_name),
            ("places-strict", &self.places_strict),
            ("places-ca-file", &self.places_ca_file),
            ("tls-cert", &self.tls_cert),
            ("tls-key", &self.tls_key),
            ("tls-ca", &self.tls_ca),
            ("tls-neighbours", &self.tls_neighbours),
            ("tls-clients", &self.tls_clients),
            ("data", &self.data),
            ("data-sync", &self.data_sync),
        ];
        for (name, text) in given {
            if let Some(text) = text {
                flags.set(name, text);
            }
        }
        if self.data_recover {
            flags.set("data-recover", "true");
        }
        flags
    }
}

/// The flags of the table of limits, which no derive can see.
struct LimitFlags(Flags);

impl FromArgMatches for LimitFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self(Flags::default());
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for limit in every_limit() {
            if let Some(text) = matches.get_one::<OsString>(limit.name) {
                self.0.set(limit.name, text);
            }
        }
        Ok(())
    }
}

impl Args for LimitFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let places = PLACES_LIMITS.iter().map(|limit| arg(limit).help_heading("Places"));
        let region = REGION_LIMITS.iter().map(|limit| arg(limit).help_heading("Region"));
        command.args(places).args(region).args(LIMITS.iter().map(|limit| arg(limit).help_heading("Limits")))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

fn arg(limit: &Limit) -> Arg {
    let help = format!("{} [default: {}]", limit.help, limit.show(&Limits::default()));
    let arg = Arg::new(limit.name)
        .allow_negative_numbers(true)
        .long(limit.name)
        .value_name(limit.unit())
        .value_parser(value_parser!(OsString))
        .help(help);
    if limit.is_switch() { arg.num_args(0..=1).require_equals(true).default_missing_value("true") } else { arg }
}
