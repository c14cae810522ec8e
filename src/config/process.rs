//! What the process finds around itself: its environment, its folders, its terminal. Handed in, so that tests
//! need no environment of their own.

use std::{fmt, io::IsTerminal, path::PathBuf};

/// The surroundings of a process.
pub struct Process<'a> {
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The folder of the binary.
    pub beside: Option<PathBuf>,
    pub working: Option<PathBuf>,
    pub stdout_is_terminal: bool,
}

impl Process<'static> {
    /// This process.
    #[must_use]
    pub fn current() -> Self {
        let binary = std::env::current_exe().ok();
        Self {
            variable: &environment,
            beside: binary.and_then(|path| path.parent().map(PathBuf::from)),
            working: std::env::current_dir().ok(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
        }
    }
}

impl Process<'_> {
    /// A variable that is set and not blank.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    /// A file beside the binary, else in the working folder.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        let folders = [self.beside.as_ref(), self.working.as_ref()];
        folders.into_iter().flatten().map(|folder| folder.join(name)).find(|path| path.is_file())
    }
}

impl fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("beside", &self.beside)
            .field("working", &self.working)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
