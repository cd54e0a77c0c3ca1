//! `herd`: tells a herd where clients are, and asks it.

mod commands;
mod connection;
mod data;
mod demo;
mod door;
mod failure;
mod health;
mod herd_file;
mod lines;
mod record;
mod reply;
mod server;
mod shown;
mod syntax;
mod target;
mod terminal;
mod text;
mod tls;
mod token;
mod transport;
mod watching;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tell a herd where clients are, and ask it
#[derive(Parser)]
#[command(name = "herd", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Line {
    #[command(subcommand)]
    command: Command,
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

const EXIT_CODES: &str = "\
Exit codes:
  0 all went well, 1 a request was refused, a server could not be reached or something is wrong, 2 wrong use";

fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => return syntax::report(&error),
    };
    let outcome = match line.command {
        Command::Send(send) => send.run(),
        Command::Iamat(iamat) => iamat.run(),
        Command::Whatsat(whatsat) => whatsat.run(),
        Command::Where(home) => home.run(),
        Command::Near(near) => near.run(),
        Command::Watch(watch) => watch.run(),
        Command::Fence(fence) => fence.run(),
        Command::Forget(forget) => forget.run(),
        Command::Share(share) => share.run(),
        Command::Status(status) => status.run(),
        Command::Top(top) => top.run(),
        Command::Export(export) => export.run(),
        Command::Import(import) => import.run(),
        Command::Bench(bench) => bench.run(),
        Command::Demo(demo) => demo.run(),
        Command::Secret(secret) => secret.run(),
        Command::Token(token) => token.run(),
        Command::Certs(certs) => certs.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
