//! `logan serve`.

use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
use sd_notify::NotifyState;
use secrecy::{ExposeSecret, SecretString};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::args::ServeFlags;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::{own_log, settings};
use crate::config::{self, Loaded, Settings, SignUp};
use crate::serve::offline::{self, OfflineError};
use crate::serve::{Server, SystemClock};

/// How long closing the stores may take after the last request.
const CLOSING: Duration = Duration::from_secs(5);

/// Serve logs over HTTP: take them in, answer questions, tell what is unusual
///
/// Works without any configuration: the data lies in ./logan-data, requests are answered at 127.0.0.1:7171, and
/// /metrics, /livez and /readyz at 127.0.0.1:7172. SIGTERM and Ctrl-C let open requests finish, a second one ends at
/// once; SIGHUP reads the certificate again.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  logan serve                                                      try it on this machine
  logan serve --data /var/lib/logan --config /etc/logan/own.toml   with settings of your own
  logan serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem
  logan serve --listen 10.0.0.5:7171 --behind-proxy 10.0.0.0/24    a proxy in front does TLS
  logan serve admin-token --data /var/lib/logan                    a way in, when nobody may sign up

docs/configuration.md lists all settings, docs/operations.md tells how to run it.")]
pub struct ServeArgs {
    /// The settings given as flags.
    #[command(flatten)]
    pub flags: ServeFlags,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub instead: Option<Instead>,
}

/// What can be done instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Instead {
    /// Print a one-time token with which one account can be made, while the server does not run
    ///
    /// Whoever gives it as "admin_token" in POST /api/v1/users within a day gets an account and an org of their own,
    /// whatever `signup` says. It is shown this once; only its hash is kept.
    #[command(after_help = "Example:
  logan serve admin-token --data /var/lib/logan")]
    AdminToken {
        /// The settings given as flags: those of `logan serve`, for they say which data folder is meant.
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Sign access tokens with a new key from the next start on, while the server does not run
    ///
    /// Tokens of the two keys before are good until they end, so nobody is logged out.
    #[command(after_help = "Example:
  logan serve rotate-keys --data /var/lib/logan")]
    RotateKeys {
        /// The settings given as flags: those of `logan serve`, for they say which data folder is meant.
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Check that nobody changed the audit log, while the server does not run
    ///
    /// Each event has the hash of the one before it; an event that was changed or taken out later is found. That the
    /// newest were cut off is not: for that keep the last hash (GET /api/v1/audit) elsewhere.
    #[command(after_help = "Example:
  logan serve verify-audit --data /var/lib/logan")]
    VerifyAudit {
        /// The settings given as flags: those of `logan serve`, for they say which data folder is meant.
        #[command(flatten)]
        flags: ServeFlags,
    },
}

/// Runs the server until it is told to stop, or does what is asked for instead.
pub fn run(args: &ServeArgs, session: &Session) -> Result<Exit, Failure> {
    match &args.instead {
        Some(Instead::AdminToken { flags }) => return admin_token(flags, session),
        Some(Instead::RotateKeys { flags }) => return rotate_keys(flags, session),
        Some(Instead::VerifyAudit { flags }) => return verify_audit(flags, session),
        None => {}
    }
    let loaded = config::load(&settings::sources(&args.flags)?)?;
    own_log::begin(&loaded.settings.log, &session.terminal);
    settings::check(&loaded, session.now)?;
    prepare_process();
    let admin_token = first_admin_token(&loaded.settings, session)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(session.threads)
        .thread_name("logan")
        .enable_all()
        .build()
        .map_err(Failure::new)?;
    let exit = runtime.block_on(serve(&loaded, session, admin_token));
    // Work that hangs on its own thread has nothing more to store: the stores are closed.
    runtime.shutdown_timeout(Duration::from_secs(1));
    exit
}

/// Prints a new admin token.
fn admin_token(flags: &ServeFlags, session: &Session) -> Result<Exit, Failure> {
    let settings = config::load(&settings::sources(flags)?)?.settings;
    prepare_process();
    let (token, is_new_data) = offline::admin_token(&settings.data, session.now)?;
    let mut output = session.terminal.output();
    writeln!(output, "{}", token.expose_secret())?;
    output.flush()?;
    session.terminal.tell("good for one account within a day: \"admin_token\" in POST /api/v1/users");
    if is_new_data {
        session.note(&format!("{} is a new data folder", settings.data.display()));
    }
    Ok(Exit::Done)
}

/// Makes a new key for access tokens.
fn rotate_keys(flags: &ServeFlags, session: &Session) -> Result<Exit, Failure> {
    let settings = config::load(&settings::sources(flags)?)?.settings;
    prepare_process();
    offline::rotate_token_keys(&settings.data, session.now)?;
    session.terminal.tell("the next start signs access tokens with a new key; those of the two before are still good");
    Ok(Exit::Done)
}

/// Checks the audit log.
fn verify_audit(flags: &ServeFlags, session: &Session) -> Result<Exit, Failure> {
    let settings = config::load(&settings::sources(flags)?)?.settings;
    prepare_process();
    let broken = offline::verify_audit(&settings.data)?;
    let mut output = session.terminal.output();
    for (org, number) in &broken {
        let whose = org.map_or_else(|| "the server itself".to_owned(), |org| format!("org {org}"));
        writeln!(output, "the audit log of {whose} was changed at event {number}, or one before it is missing")?;
    }
    if broken.is_empty() {
        writeln!(output, "the audit log is whole")?;
    }
    output.flush()?;
    Ok(if broken.is_empty() { Exit::Done } else { Exit::Store })
}

/// What the server asks of the system before anything else: files for its owner alone, and many of them.
fn prepare_process() {
    umask(Mode::RWXG | Mode::RWXO);
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the number of open files could not be raised");
    }
}

async fn serve(loaded: &Loaded, session: &Session, admin_token: Option<SecretString>) -> Result<Exit, Failure> {
    let settings = loaded.settings.clone();
    // Before anything is opened, so that a signal never meets a half-made store.
    let listen = |kind| signal(kind).map_err(|error| Failure::new(error).context("could not listen for signals"));
    let mut signals = Signals {
        terminate: listen(SignalKind::terminate())?,
        interrupt: listen(SignalKind::interrupt())?,
        hang_up: listen(SignalKind::hangup())?,
        // Writing beyond the limit of a file's size is an error like a full disk, not the end.
        _file_size: listen(SignalKind::from_raw(SIGXFSZ))?,
    };
    let end_by = Duration::from(settings.limits.drain) + CLOSING;
    let scheme = if settings.tls.files().is_some() { "https" } else { "http" };
    let server =
        Server::start(settings, Arc::new(SystemClock)).await.map_err(|error| settings::start_failure(error, loaded))?;
    announce(&server, scheme, session, admin_token)?;
    tell_manager(&[NotifyState::Ready]);
    let watching = tokio::spawn(watchdog());

    signals.until_stop(&server).await;
    tell_manager(&[NotifyState::Stopping]);
    tracing::info!("stopping: open requests may finish; a second signal ends at once");
    let stopped = tokio::select! {
        stopped = tokio::time::timeout(end_by, server.stop()) => stopped,
        () = signals.stop() => std::process::exit(Exit::Interrupted as i32),
    };
    watching.abort();
    match stopped {
        Ok(Ok(())) => {
            tracing::info!("stopped");
            Ok(Exit::Done)
        }
        Ok(Err(error)) => Err(Failure { exit: Exit::Store, ..Failure::new(error) }),
        // Nothing is lost: what was acknowledged lies in the logs of the stores, which the next start reads.
        Err(_) => Err(Failure::message("the stores could not be closed in time")
            .hint("nothing that was acknowledged is lost; the next start goes on from the logs beside the stores")),
    }
}

/// The same on Linux and the BSDs.
const SIGXFSZ: i32 = 25;

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    _file_size: Signal,
}

impl Signals {
    /// Returns when the server is told to stop.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Returns when the server is told to stop; reads the certificate again when told so.
    async fn until_stop(&mut self, server: &Server) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => match server.reload() {
                    Ok(()) => tracing::info!("SIGHUP: the certificate was read again"),
                    Err(error) => tracing::error!(%error, "SIGHUP: the certificate stays what it was"),
                },
            }
        }
    }
}

/// Says once where the server listens.
fn announce(
    server: &Server,
    scheme: &str,
    session: &Session,
    admin_token: Option<SecretString>,
) -> Result<(), Failure> {
    let (address, ops) = (server.address, server.ops_address);
    tracing::info!(%address, %ops, version = env!("CARGO_PKG_VERSION"), "listening");
    let mut output = session.terminal.output();
    writeln!(
        output,
        "listening on {scheme}://{address}, docs at {scheme}://{address}/docs, metrics at http://{ops}/metrics"
    )?;
    if let Some(token) = admin_token {
        let token = token.expose_secret();
        writeln!(output, "the first account is made with this token, good for a day and shown only now: {token}")?;
    }
    output.flush()?;
    Ok(())
}

/// Makes the token of the first account, when nobody has one and not everybody may sign up.
fn first_admin_token(settings: &Settings, session: &Session) -> Result<Option<SecretString>, Failure> {
    if settings.sign_up() == SignUp::Open {
        return Ok(None);
    }
    offline::first_admin_token(&settings.data, session.now).map_err(|error| match error {
        OfflineError::Start(error) => error.into(),
        other => Failure { exit: Exit::Store, ..Failure::new(other) },
    })
}

/// Tells the service manager, when there is one.
fn tell_manager(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

/// Tells the service manager that work goes on, when it wants to know.
fn watchdog() -> impl Future<Output = ()> + Send {
    let every = sd_notify::watchdog_enabled().map(|period| period / 2);
    async move {
        let Some(every) = every.filter(|every| !every.is_zero()) else { return };
        let mut ticks = tokio::time::interval(every);
        loop {
            ticks.tick().await;
            tell_manager(&[NotifyState::Watchdog]);
        }
    }
}
