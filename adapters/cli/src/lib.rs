//! The client of a herd, `herd`: tells a herd where clients are, and asks it.

mod client;
mod colours;
mod commands;
mod connection;
mod data;
mod demo;
mod door;
mod failure;
mod format;
mod health;
mod herd_file;
mod lines;
mod pipeline;
mod record;
mod refusal;
mod reply;
mod server;
mod shown;
mod syntax;
mod target;
mod terminal;
mod tls;
mod token;
mod transport;
mod watching;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use herd_host::command::syntax::name_owners;
use herd_host::config::{Environment, unknown_variables};
use herd_host::{end_at_a_panic, exit_code};

use self::format::Format;

/// Tell a herd where clients are, and ask it
#[derive(Parser)]
#[command(name = "herd", version, arg_required_else_help = true, after_help = after_help())]
struct Line {
    /// Print answers and errors as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// How to begin, for whoever reads nothing else.
const BEGIN: &str = "\
To try it, start a herd in one terminal, and use it from another:
  herd-tokio up
  herd iamat phone 34.07 -118.44
  herd whatsat phone";

fn after_help() -> String {
    format!("{BEGIN}\n\n{}", exit_code::HELP)
}

#[derive(Subcommand)]
enum Command {
    Send(commands::send::Send),
    Iamat(commands::iamat::Iamat),
    Whatsat(commands::whatsat::Whatsat),
    Where(commands::home::Where),
    Near(commands::near::Near),
    Watch(commands::watch::Watch),
    Fence(commands::fence::Fence),
    Forget(commands::forget::ForgetClients),
    Share(commands::share::Share),
    Status(commands::status::Status),
    Top(commands::top::Top),
    Export(commands::export::Export),
    Import(commands::import::Import),
    Bench(Box<commands::bench::Bench>),
    Demo(commands::demo::Demo),
    Secret(commands::secret::Secret),
    Token(commands::token::MakeToken),
    Certs(commands::certs::Certs),
}

/// What the program understands, for man pages and completions.
#[must_use]
pub fn command_line() -> clap::Command {
    Line::command()
}

/// Runs what the process's arguments ask for; the code to exit with.
#[must_use]
pub fn main() -> ExitCode {
    end_at_a_panic("herd", None);
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => return syntax::report(&name_owners(error, &command_line())),
    };
    let format = Format::of(line.json);
    for warning in unknown_variables(&Environment::process()) {
        format.warn("variable", &warning.to_string());
    }
    let outcome = match line.command {
        Command::Send(send) => send.run(format),
        Command::Iamat(iamat) => iamat.run(format),
        Command::Whatsat(whatsat) => whatsat.run(format),
        Command::Where(home) => home.run(format),
        Command::Near(near) => near.run(format),
        Command::Watch(watch) => watch.run(format),
        Command::Fence(fence) => fence.run(format),
        Command::Forget(forget) => forget.run(format),
        Command::Share(share) => share.run(format),
        Command::Status(status) => status.run(format),
        Command::Top(top) => top.run(format),
        Command::Export(export) => export.run(format),
        Command::Import(import) => import.run(format),
        Command::Bench(bench) => bench.run(format),
        Command::Demo(demo) => demo.run(format),
        Command::Secret(secret) => secret.run(format),
        Command::Token(token) => token.run(format),
        Command::Certs(certs) => certs.run(format),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(format),
    }
}

#[cfg(test)]
mod tests {
    use super::command_line;

    /// What the help says to begin with is understood.
    #[test]
    fn the_first_commands_are_as_the_program_has_them() {
        let commands: Vec<&str> = super::BEGIN.lines().filter_map(|line| line.strip_prefix("  herd ")).collect();
        assert_eq!(commands.len(), 2);
        for command in commands {
            let words = ["herd"].into_iter().chain(command.split(' '));
            assert!(command_line().try_get_matches_from(words).is_ok(), "{command}");
        }
    }

    #[test]
    fn only_options_of_servers_stand_below_their_heading() {
        const SERVERS: [&str; 7] = ["to", "config", "timeout", "token_file", "tls", "ca", "http"];
        let line = command_line();
        let of_servers = |argument: &&clap::Arg| argument.get_help_heading() == Some("Server options");
        for command in line.get_subcommands() {
            let below: Vec<_> =
                command.get_arguments().filter(of_servers).map(|argument| argument.get_id().as_str()).collect();
            assert!(below.iter().all(|id| SERVERS.contains(id)), "{}: {below:?}", command.get_name());
        }
    }
}
