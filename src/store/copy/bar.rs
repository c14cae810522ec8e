//! A copy at a terminal: a bar, or a line now and then where nobody looks on.

use std::{fmt::Write as _, sync::Arc};

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

use super::{Copied, CopyError, Progress, Step, copy};
use crate::{
    config::settings::StoreSetting,
    identity::Azure,
    store::{self, Store},
};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Copies from one store to another, and says how it went; what to say at the end.
///
/// # Errors
/// What went wrong, and what to do.
pub async fn run(from: &StoreSetting, to: &StoreSetting, azure: &Azure) -> Result<String, String> {
    if from == to {
        return Err("`--from` and `--to` name the same store".to_owned());
    }
    // Opening it would make it.
    if let StoreSetting::Sqlite(path) = from
        && !path.is_file()
    {
        return Err(format!("`--from` names `{}`, which is not there", path.display()));
    }
    let source = open("--from", from, azure)?;
    let target = open("--to", to, azure)?;
    let (bar, last) = (ProgressBar::new(0), Mutex::new(Instant::now()));
    bar.set_style(style());
    let started = Instant::now();
    let progress = |progress: Progress| show(&bar, &last, progress);
    let copied = copy(&source, &target, &name(from), &progress).await;
    bar.finish_and_clear();
    let copied = copied.map_err(|error: CopyError| error.to_string())?;
    let mut told = told(&copied, started.elapsed());
    if let StoreSetting::Sqlite(path) = from {
        let secret = path.with_extension("secret");
        if secret.is_file() {
            let _ = writeln!(
                told,
                "the codes in it are only found with its secret: set LEDGER_SECRET to what is in `{}`",
                secret.display()
            );
        }
    }
    Ok(told)
}

fn open(argument: &str, setting: &StoreSetting, azure: &Azure) -> Result<Arc<dyn Store>, String> {
    store::open(setting, azure).map_err(|error| format!("`{argument}`: {error}"))
}

/// What the mark of an unfinished copy says: the same from whatever folder it is run.
fn name(from: &StoreSetting) -> String {
    match from {
        StoreSetting::Sqlite(path) => {
            format!("sqlite:{}", path.canonicalize().unwrap_or_else(|_| path.clone()).display())
        }
        StoreSetting::AzureBlob(container) => container.to_string(),
    }
}

fn style() -> ProgressStyle {
    let bar = "{msg:9} {wide_bar} {human_pos} of {human_len} documents, {per_sec}, {eta} left";
    ProgressStyle::with_template(bar).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn show(bar: &ProgressBar, last: &Mutex<Instant>, Progress { step, done, of }: Progress) {
    let word = match step {
        Step::Copying => "copying",
        Step::Verifying => "verifying",
    };
    if bar.message() != word {
        bar.set_message(word);
        bar.reset_eta();
    }
    bar.set_length(of as u64);
    bar.set_position(done as u64);
    let mut last = last.lock();
    if bar.is_hidden() && (last.elapsed() >= EVERY || done == of) {
        *last = Instant::now();
        eprintln!("{word}: {done} of {of} documents");
    }
}

fn told(copied: &Copied, took: Duration) -> String {
    let kinds: Vec<String> = copied.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    format!(
        "{} documents ({}), {} bytes, are the same in both; {} were copied now, in {:.1} s\nSHA-256 of all: {}\n",
        copied.documents,
        kinds.join(", "),
        copied.bytes,
        copied.written,
        took.as_secs_f64(),
        copied.digest
    )
}
