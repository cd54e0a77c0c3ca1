//! From a command line to an exit code.

use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;

use herd::ServerId;
use herd_places::Source;

use crate::announcement;
use crate::check;
use crate::command::{self, Order, UsageError};
use crate::config::{Environment, Settings};
use crate::data::Stored;
use crate::last_words;
use crate::logs::{self, Log};
use crate::open_files::fit;
use crate::reload::{Reload, tell_skipped, tell_warnings};
use crate::running;
use crate::runtime::Runtime;
use crate::server::{Bound, Server, StartError};
use crate::signals::Signals;
use crate::systemd;
use crate::trial;

/// Runs what the command line asks for, on the runtime `R`.
#[must_use]
pub fn main<R: Runtime>(program: &'static str) -> ExitCode {
    // Until there is a log.
    last_words::end_at_a_panic(program, None);
    let order = match command::read(program, std::env::args_os(), &Environment::process()) {
        Ok(order) => order,
        Err(error) => return error.report(program),
    };
    let (settings, servers, whole) = match &order {
        Order::Check { settings, printed } => return check::run(program, settings, printed.as_deref()),
        Order::Try { trial, .. } => return trial::run::<R>(program, trial),
        Order::Reload { pid, settings } => return have_reload(program, *pid, settings),
        Order::Serve { server, settings } => (settings, vec![*server], false),
        Order::Up { settings } => (settings, settings.herd.ids().collect(), true),
    };
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            return failed(program, &io::Error::other(format!("signals cannot be listened to: {error}")));
        }
    };
    match start_up(settings, &servers, whole) {
        Err(error) => error.report(program),
        Ok(Ready { stored, bound, source, log }) => {
            signals.flush_at_exit(&log);
            last_words::end_at_a_panic(program, Some(log.clone()));
            tell_warnings(settings);
            tell_skipped(source.as_ref());
            for error in bound.iter().filter_map(|bound| bound.no_http.as_ref()) {
                tracing::warn!(target: "herd::http", %error, "no HTTP");
            }
            let (started, now) = (settings.clone(), settings.clone());
            let reload = Reload { program, started, now, is_whole: whole, source, log: log.clone() };
            let mut settings = settings.clone();
            fit(&mut settings, &servers, whole);
            let herd = run::<R>(&settings, (stored, bound), reload, &signals, whole.then_some(program));
            ended(R::block_on(settings.workers, herd).map_err(RunError::Io).flatten(), program, &log)
        }
    }
}

/// What is there before anything runs.
struct Ready {
    stored: Vec<Stored>,
    bound: Vec<Bound>,
    source: Arc<dyn Source>,
    log: Log,
}

/// Why servers that were bound do not run.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Has a process that runs read its settings again, of which these are right.
fn have_reload(program: &str, pid: i32, settings: &Settings) -> ExitCode {
    for warning in &settings.warnings {
        let _ = writeln!(io::stderr(), "{program}: warning: {warning}");
    }
    match running::have_reload(pid, program) {
        Ok(()) => {
            let what = "the settings are right, and were told to be read again";
            let _ = writeln!(io::stdout(), "{program}: {what}; the log of process {pid} says what came of it");
            ExitCode::SUCCESS
        }
        Err(error) => failed(program, &error),
    }
}

/// Nothing was started, and there is no log yet.
fn failed(program: &str, error: &dyn std::error::Error) -> ExitCode {
    // Nobody is left to tell where the terminal itself is gone.
    let _ = writeln!(io::stderr(), "{program}: error: {error}");
    ExitCode::FAILURE
}

fn ended(end: Result<(), RunError>, program: &str, log: &Log) -> ExitCode {
    let Err(error) = end else {
        log.flush(last_words::FLUSH);
        return ExitCode::SUCCESS;
    };
    last_words::tell(Some(log), format!("{program}: error: {error}"), move || {
        tracing::error!(target: "herd::server", %error, "failed");
    });
    ExitCode::FAILURE
}

/// All that can go wrong before anything runs.
fn start_up(settings: &Settings, servers: &[ServerId], is_whole: bool) -> Result<Ready, UsageError> {
    let source = settings.open_places()?;
    // Data first: whoever can connect is answered at once.
    let stored: Vec<_> = servers.iter().map(|&server| Stored::read(settings, server)).collect::<Result<_, _>>()?;
    let bound = servers
        .iter()
        .enumerate()
        .map(|(index, &server)| Bound::new(settings, server, index == 0, is_whole))
        .collect::<Result<_, _>>()?;
    let log = logs::start(&settings.log)?;
    Ok(Ready { stored, bound, source, log })
}

/// Runs servers until a signal stops them.
async fn run<R: Runtime>(
    settings: &Settings,
    (stored, bound): (Vec<Stored>, Vec<Bound>),
    reload: Reload,
    signals: &Signals,
    announce: Option<&str>,
) -> Result<(), RunError> {
    if let Some(program) = announce {
        // Who does not read it does not miss it.
        let _ = announcement::print(settings, &bound, program);
    }
    let mut servers = Vec::new();
    for (stored, bound) in stored.into_iter().zip(bound) {
        servers.push(bound.start::<R>(settings, stored, Arc::clone(&reload.source)).await?);
    }
    systemd::ready(&servers);
    until_stopped(signals, reload, &servers).await;
    systemd::stopping();
    stop_all(&servers).await;
    Ok(())
}

/// Waits for the signal that stops the process, and reads settings again meanwhile whenever that is asked for.
async fn until_stopped<R: Runtime>(signals: &Signals, mut reload: Reload, servers: &[Server<R>]) {
    let mut reloading = pin!(async {
        loop {
            signals.hangup().await;
            reload.run(servers).await;
        }
    });
    poll_fn(|context| match signals.poll_stop(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => reloading.as_mut().poll(context),
    })
    .await;
}

/// Stops all servers at the same time. What one had to leave undone it has logged itself.
async fn stop_all<R: Runtime>(servers: &[Server<R>]) {
    for server in servers {
        server.begin_stop();
    }
    for server in servers {
        let _ = server.stopped().await;
    }
}
