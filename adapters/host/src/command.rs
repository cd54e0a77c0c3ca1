//! The command line, the same for every runtime's binary.

mod error;
mod options;

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use herd::{Herd, ServerId};
pub use herd_command::syntax;
use herd_command::{did_you_mean, exit_code, listed, number};

pub use self::error::UsageError;
use self::options::Options;
use crate::config::{self, Environment, Flags, Settings};
use crate::trial::Trial;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Order {
    /// Run one server.
    Serve {
        /// Which.
        server: ServerId,
        /// With these settings; `listen` is settled for this server.
        settings: Settings,
    },
    /// Run every server of the herd in this process.
    Up {
        /// With these settings.
        settings: Settings,
    },
    /// Run several regions on this machine, to see what they do.
    Try {
        /// Which.
        trial: Trial,
        /// What the command line says of a herd: all of it is right.
        settings: Settings,
    },
    /// Print the herd, as [`Description`](crate::config::Description) does, or all settings, see whether it could be started
    /// on this machine, and stop.
    Check {
        /// These settings.
        settings: Settings,
        /// Every setting with its origin, to be printed in place of the description.
        printed: Option<String>,
    },
    /// Have a process that runs read its settings again, and stop.
    Reload {
        /// Its id.
        pid: i32,
        /// What the command line names for it: all of it is right.
        settings: Settings,
    },
}

impl Order {
    /// The order's settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        match self {
            Self::Serve { settings, .. }
            | Self::Up { settings }
            | Self::Try { settings, .. }
            | Self::Check { settings, .. }
            | Self::Reload { settings, .. } => settings,
        }
    }
}

/// Run servers of a herd, which take positions from clients and tell each other.
///
/// NAME alone is short for `serve NAME`. Options may stand before or after it. To try a herd on this machine, start all of
/// its servers with `up`.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, allow_negative_numbers = true, after_help = after_help())]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one server of the herd
    #[command(after_help = after_help())]
    Serve(Serve),
    /// Run every server of the herd in this process, each on its own port
    #[command(after_help = after_help())]
    Up(Up),
    /// Check the settings and what a start needs, then print the herd, or what is wrong and where
    ///
    /// Nothing is started or changed. Of a herd on several machines, only the servers of this one are tried. Servers may be
    /// running.
    #[command(after_help = after_help())]
    Check(Check),
    /// Check the settings, then have a running process read its own again
    ///
    /// Give it the options that the process was started with. If anything is wrong with these settings, the process is left
    /// alone; otherwise it is sent SIGHUP, and its log says what came of it.
    #[command(after_help = after_help())]
    Reload(Reload),
}

#[derive(Args)]
struct Up {
    /// Run this many regions instead: each is a herd in a process of its own, and nats-server, from the PATH, joins them
    #[arg(long, value_name = "COUNT", value_parser = number(2..=Trial::MOST_REGIONS), conflicts_with_all = ["config", "http", "data", "data_recover"])]
    regions: Option<usize>,
    /// How many servers each region has
    #[arg(long, value_name = "COUNT", value_parser = number(1..=Trial::MOST_SERVERS), default_value = "5", requires = "regions")]
    servers: usize,
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
struct Check {
    /// Print every setting as in a config file, and where it comes from
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
struct Reload {
    /// The process ID of a running server, or of `up`
    #[arg(long, value_parser = number(1..=i32::MAX), allow_negative_numbers = true)]
    pid: i32,
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
struct Serve {
    /// The server's name in the herd
    name: OsString,
    #[arg(
        long,
        help = "Where to listen [default: as in the config file] [env: HERD_LISTEN]",
        value_name = "ADDR:PORT"
    )]
    listen: Option<OsString>,
    #[command(flatten)]
    options: Options,
}

const COMMANDS: [&str; 5] = ["serve", "up", "check", "reload", "help"];

/// What stands below the options of each command. A paragraph is one line here: terminals differ in their width.
const AFTER_HELP: &str = "\
Settings:
  Each setting is taken from the first of these that has it: its flag, its environment variable, the config file, its \
  default. The variable is HERD_ and the flag's name in capitals, such as HERD_MAX_LINE for --max-line; for --places it is \
  HERD_PLACES_SOURCE. An empty variable counts as not set. The key of a places source and the secrets of a herd are never \
  flags: set HERD_PLACES_KEY and HERD_SECRET, or name files that hold them.

Signals:
  SIGTERM and SIGINT (Ctrl-C) stop the servers in order: within --drain, clients get the replies that they are owed, and \
  neighbours what is queued for them. A second one exits immediately.
  SIGHUP reads the config file and the files that it names again, and reopens the log's file. If anything is wrong, the \
  old settings stay, and the log says why; it also names changes that need a restart. Other signals that would end a \
  process, such as SIGUSR1, are ignored.
";

fn after_help() -> String {
    format!("{AFTER_HELP}\n{}\n  130, 143  a second SIGINT or SIGTERM ended the program", exit_code::HELP)
}

/// Reads a command line (the program's own name first, as [`std::env::args_os`] has it) and all that it
/// names.
///
/// # Errors
/// A [`UsageError`]; a call for help is one too.
pub fn read(
    program: &'static str,
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Order, UsageError> {
    let line = command_line(program);
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_short = put_command_first(&mut arguments, &line);
    let matches = line.clone().try_get_matches_from(arguments).map_err(|error| syntax::name_owners(error, &line))?;
    match Line::from_arg_matches(&matches)?.command {
        Command::Serve(serve) => order_serve(&serve, is_short, environment),
        Command::Up(Up { regions, servers, options }) => {
            let settings = guarded(Settings::find_quiet(&options.flags(), environment)?)?;
            settings.check_tls(&settings.herd.ids().collect::<Vec<_>>())?;
            Ok(match regions {
                Some(regions) => Order::Try { trial: Trial { regions, servers, flags: options.flags() }, settings },
                None => Order::Up { settings },
            })
        }
        Command::Check(Check { print, options }) => {
            let settings = checked(&options, environment)?;
            let printed = print.then(|| config::print(&settings, &options.flags(), environment)).transpose()?;
            Ok(Order::Check { settings, printed })
        }
        Command::Reload(Reload { pid, options }) => {
            Ok(Order::Reload { pid, settings: checked(&options, environment)? })
        }
    }
}

/// Settings for every server of the herd, as far as they can be looked at on this machine.
fn checked(options: &Options, environment: &Environment) -> Result<Settings, UsageError> {
    let settings = guarded(Settings::find(&options.flags(), environment)?)?;
    settings.check_tls_here()?;
    Ok(settings)
}

/// These settings, if every server of the herd may start with them.
fn guarded(settings: Settings) -> Result<Settings, UsageError> {
    guard(&settings, &settings.herd.ids().collect::<Vec<_>>())?;
    Ok(settings)
}

fn guard(settings: &Settings, servers: &[ServerId]) -> Result<(), UsageError> {
    settings.guard(servers).map_err(|why| UsageError::Unguarded { config: settings.config.clone(), why })
}

/// What a program of that name understands, for man pages and completions.
#[must_use]
pub fn command_line(program: &'static str) -> clap::Command {
    let usage = format!("{program} [OPTIONS] NAME\n       {program} [OPTIONS] <COMMAND>");
    Line::command().name(program).bin_name(program).override_usage(usage)
}

/// Puts the command in front of the options, which may stand before or behind it, and `serve` in front of a name alone;
/// whether it is one.
fn put_command_first(arguments: &mut Vec<OsString>, line: &clap::Command) -> bool {
    let Some(at) = first_word(arguments, line) else { return false };
    if COMMANDS.iter().any(|command| arguments[at] == *command) {
        let command = arguments.remove(at);
        arguments.insert(1, command);
        return false;
    }
    arguments.insert(1, "serve".into());
    true
}

/// Where the first argument stands that is neither an option nor the value of one.
fn first_word(arguments: &[OsString], line: &clap::Command) -> Option<usize> {
    let mut at = 1;
    while let Some(argument) = arguments.get(at) {
        if !argument.as_encoded_bytes().starts_with(b"-") {
            return Some(at);
        }
        at += if takes_a_value(argument, line) { 2 } else { 1 };
    }
    None
}

/// Whether the argument behind this one is its value, in whichever command it is an option of.
fn takes_a_value(argument: &OsStr, line: &clap::Command) -> bool {
    let Some(name) = argument.to_str().and_then(|argument| argument.strip_prefix("--")) else { return false };
    let is_it = |arg: &clap::Arg| {
        arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
    };
    let mut all = line.get_subcommands().flat_map(clap::Command::get_arguments);
    all.any(|arg| is_it(arg) && arg.get_action().takes_values() && !arg.is_require_equals_set())
}

fn order_serve(serve: &Serve, is_short: bool, environment: &Environment) -> Result<Order, UsageError> {
    let flags = serve_flags(serve);
    let mut settings = Settings::find(&flags, environment)?;
    let Some(server) = settings.herd.find(serve.name.as_encoded_bytes()) else {
        return Err(UsageError::Name(unknown_name(&serve.name.to_string_lossy(), &settings.herd, is_short)));
    };
    settings.listen_elsewhere(server, &flags, environment)?;
    guard(&settings, &[server])?;
    settings.check_tls(&[server])?;
    Ok(Order::Serve { server, settings })
}

fn serve_flags(serve: &Serve) -> Flags {
    let mut flags = serve.options.flags();
    if let Some(listen) = &serve.listen {
        flags.set("listen", listen);
    }
    flags
}

fn unknown_name(name: &str, herd: &Herd, is_short: bool) -> String {
    let names = || herd.members().iter().map(|server| server.name.as_str());
    let known = listed(names());
    if is_short {
        let meant = did_you_mean(name, names().chain(COMMANDS));
        format!("unknown server or command {name:?}{meant} (servers: {known}; commands: serve, up, check, reload)")
    } else {
        format!("unknown server {name:?}{} (servers: {known})", did_you_mean(name, names()))
    }
}
