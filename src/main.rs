//! The program: serves, checks a deployment, or prints the contract.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use healthbot_scheduler::{
    clock::Clock,
    config::{ConfigSetting, Process, Settings, settings::StoreSetting},
    deployment::Deployment,
    domain::LocationId,
    http,
    scheduling::agenda::AgendaQuery,
    serve,
    store::copy::bar,
    telemetry,
};

/// Appointment scheduling for health chatbots, as an Azure Functions custom handler.
///
/// Without a command it serves the functions on 127.0.0.1, as the Functions host expects it, or as
/// you like it by hand: without any configuration it serves a demo clinic.
#[derive(Debug, Parser)]
#[command(version, after_long_help = SETTINGS)]
struct Arguments {
    /// The port on 127.0.0.1 to serve on, instead of the one the settings name
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try everything a deployment needs: a line each, with what to do. Ends with 0 if all is well
    Check {
        /// The `scheduling.toml` to check, instead of the one the settings name
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only read what is written: open and ask nothing
        #[arg(long)]
        offline: bool,
        /// One JSON object instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Print who comes when, with names and contacts: the list for the staff of a clinic kept here
    Appointments {
        /// Only this site, as `embedded:eastside`
        #[arg(long, value_name = "ID")]
        location: Option<LocationId>,
        /// From this date on, as `2026-12-01` [default: today at the site]
        #[arg(long, value_name = "DATE")]
        from: Option<NaiveDate>,
        /// So many days
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=366))]
        days: u32,
        /// One JSON object instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Work on stores: where bookings are kept
    #[command(subcommand)]
    Store(StoreCommand),
    /// Print the HTTP contract as an `OpenAPI` 3.1 document
    Openapi {
        /// As YAML instead of JSON
        #[arg(long)]
        yaml: bool,
    },
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Copy every booking into another store: verified, shown, and gone on with where it was broken off
    ///
    /// First stop every process that uses the one to copy from. The other has to be empty, and until the copy is
    /// finished no process writes to it.
    Copy {
        /// The store to copy from, as `sqlite:scheduling.db`
        #[arg(long, value_name = "STORE")]
        from: String,
        /// The store to copy to, as `https://ACCOUNT.blob.core.windows.net/CONTAINER`
        #[arg(long, value_name = "STORE")]
        to: String,
    },
}

const SETTINGS: &str = "\
Settings, from the environment (by hand also from `Values` of a local.settings.json here or beside the binary):
  FUNCTIONS_CUSTOMHANDLER_PORT  the port on 127.0.0.1; the host sets it [default: 7071]
  SCHEDULING_CONFIG             the configuration: a file, or a blob, which is read again every minute [default:
                                scheduling.toml beside the binary or here, else the demo clinic]
  STORE                         where bookings are kept: sqlite:PATH on one machine, or for many
                                https://ACCOUNT.blob.core.windows.net/CONTAINER [default: sqlite:scheduling.db]
  AUDIT                         a container for the audit trail, https://ACCOUNT.blob.core.windows.net/CONTAINER
                                [default: beside a sqlite store; in Azure, the log]
  KEY_VAULT_URL                 where secrets are, https://NAME.vault.azure.net [default: the next one, and
                                GRAPH_CLIENT_SECRET]
  LEDGER_SECRET                 secrets of at least 32 characters that protect what is kept, newest first,
                                separated by commas [default: made once, beside a sqlite store]
  RETENTION_DAYS                how long a booking is kept after its last appointment [default: 30]
  GRAPH_CREDENTIAL              as whom Microsoft Graph is asked: managed-identity, client-secret, federated,
                                workload-identity or developer-tools [default: what there is]
  GRAPH_CLIENT_SECRET           of the app registration in [graph]
  AZURE_CLIENT_ID               of the managed identity, where it is a user-assigned one
  AZURE_AUTHORITY_HOST          where Entra ID is asked [default: at the login of each cloud]
  GRAPH_BASE_URL                where Graph is asked [default: at the address of its cloud]
  CALLER_TENANT_ID              with the next two: callers have to show a token of Entra ID, of this tenant,
                                beside the function key [default: the key is enough]
  CALLER_AUDIENCE               what their tokens are for: the client id of this app's registration, or its
                                application ID URI; several separated by commas
  CALLER_CLIENT_IDS             the client ids of the apps that may call, separated by commas
  AUDIT_KEEP_FILES              how many full audit files are kept beside the current one [default: 20]
  LOG                           a level or a filter of log lines [default: info]
  LOG_FORMAT                    json or text [default: text on a terminal]
  OTEL_EXPORTER_OTLP_ENDPOINT   a collector of OpenTelemetry, to export spans and metrics to by http/protobuf; the
                                other OTEL_ settings are heeded as well [default: nothing is exported]
  PLAYER_DIR                    the folder of the built page to chat with, shown at / [default: a table of the
                                functions]; not under the Functions host

In Azure (WEBSITE_SITE_NAME is set) a configuration, a shared STORE and KEY_VAULT_URL have to be given. There, and
wherever KEY_VAULT_URL is set, secrets come from the vault alone.

Ends with 0 after SIGTERM or SIGINT, when all requests in flight are answered; with 1 when it cannot serve.
Under the Functions host a process that is set up wrongly stays, and answers every call 503 `misconfigured`.";

/// How long closing the store may take at the end, and before that the sending of what is left to be exported.
const CLOSING: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    leave_no_core_file();
    match arguments.command {
        None => run(serve_functions(arguments.port)),
        Some(Command::Check { config, offline, json }) => run(check(config, offline, json)),
        Some(Command::Appointments { location, from, days, json }) => {
            run(appointments(AgendaQuery { location, from, days }, json))
        }
        Some(Command::Store(StoreCommand::Copy { from, to })) => run(copy(&from, &to)),
        Some(Command::Openapi { yaml }) => print(&if yaml { http::yaml() } else { http::json() }),
    }
}

/// In a core file there would be secrets, and whatever patients said. Where this is refused, nothing is lost.
fn leave_no_core_file() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // The limit does not hold for a program that takes core files in.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

fn run(program: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(program);
            // What still runs has been waited for, or has been given up. What it holds is let go of: the store
            // tidies its file up when it is closed.
            runtime.shutdown_timeout(CLOSING);
            code
        }
        Err(error) => {
            eprintln!("no threads can be started: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve_functions(port: Option<u16>) -> ExitCode {
    let clock = Clock::system();
    let (mut settings, problems) = Settings::from_process_env();
    settings.port = port.unwrap_or(settings.port);
    telemetry::install(clock.clone(), &settings.log, settings.log_format);
    telemetry::export::start(&settings.export, &clock);
    let code = serve::serve(settings, problems, clock).await;
    telemetry::cache::tell();
    telemetry::export::close(CLOSING).await;
    code
}

async fn check(config: Option<PathBuf>, offline: bool, json: bool) -> ExitCode {
    let clock = Clock::system();
    let (mut settings, problems) = Settings::from_process_env();
    settings.config = config.map(ConfigSetting::File).or(settings.config);
    let (deployment, _) = Deployment::read(settings, problems, &Process::current()).await;
    let report = if offline {
        deployment.check_offline()
    } else {
        deployment.check(&deployment.open(&clock), &clock).await
    };
    let text =
        if json { serde_json::to_string(&report).unwrap_or_default() + "\n" } else { report.to_string() };
    let printed = print(text.as_bytes());
    if report.ok() { printed } else { ExitCode::FAILURE }
}

async fn appointments(query: AgendaQuery, json: bool) -> ExitCode {
    let clock = Clock::system();
    let (settings, problems) = Settings::from_process_env();
    let (deployment, _) = Deployment::read(settings, problems, &Process::current()).await;
    let opened = match deployment.open(&clock) {
        Ok(opened) => opened,
        Err(problems) => {
            for problem in problems {
                eprintln!("{problem}");
            }
            return ExitCode::FAILURE;
        }
    };
    match opened.scheduling.agenda(&query).await {
        Ok(agenda) if json => print((serde_json::to_string(&agenda).unwrap_or_default() + "\n").as_bytes()),
        Ok(agenda) => print(agenda.to_string().as_bytes()),
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

async fn copy(from: &str, to: &str) -> ExitCode {
    // Of the settings only as whom Azure is asked. What is wrong with an argument is told without it: there may be a
    // signature in it.
    let (settings, _) = Settings::from_process_env();
    let named = |argument: &str, text: &str| {
        StoreSetting::parse(text).map_err(|error| format!("`{argument}` {error}"))
    };
    let copied = async { bar::run(&named("--from", from)?, &named("--to", to)?, &settings.azure()).await };
    match copied.await {
        Ok(told) => print(told.as_bytes()),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// A reader that has seen enough closes the pipe; that is no failure worth a panic.
fn print(text: &[u8]) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().write_all(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
