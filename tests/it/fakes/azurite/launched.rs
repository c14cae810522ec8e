//! Azurite as a process of our own; the benchmark starts one like this too.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Launched(Child);

impl Launched {
    /// With what it tells of itself in one line of JSON.
    pub(crate) fn with(arguments: &[&str]) -> (Self, String) {
        let launcher = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/azurite.mjs");
        // It ends when its standard input does, so also when this process is killed.
        let mut child = Command::new("node")
            .args([launcher, "--json", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node, which ./test looks for");
        let mut told = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut told).expect("its first line");
        assert!(!told.is_empty(), "Azurite does not run: try `./test --setup`");
        (Self(child), told)
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
