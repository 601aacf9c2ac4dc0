//! The program itself, as an operator runs it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde::de::DeserializeOwned;
use tempfile::TempDir;

/// What every password costs in these tests.
const CHEAP: [(&str, &str); 2] = [
    ("MAGPIE_ARGON2_MEMORY_KIB", "8"),
    ("MAGPIE_ARGON2_PASSES", "1"),
];

/// A data folder, and commands that work on it.
pub(crate) struct Place {
    folder: TempDir,
}

/// A server in a process of its own, which ends with this.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Prepares the program with these arguments. Nothing of the surroundings' settings reaches it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_magpie-server"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MAGPIE_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .envs(CHEAP)
            .env("MAGPIE_DATA_DIR", self.folder())
            .env("MAGPIE_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs the program with something on its standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Output {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs a command that succeeds, and returns what it says in JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, args: &[&str]) -> T {
        let output = self.run(&[args, &["--json"]].concat());
        assert!(
            output.status.success(),
            "{args:?}: {}",
            said(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command that succeeds, and returns what it says.
    pub(crate) fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(
            output.status.success(),
            "{args:?}: {}",
            said(&output.stderr)
        );
        said(&output.stdout)
    }

    /// Runs a command that fails, and returns its complaint.
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(
            !output.status.success(),
            "{args:?}: {}",
            said(&output.stdout)
        );
        said(&output.stderr)
    }

    /// Starts a server.
    pub(crate) fn serve(&self, args: &[&str]) -> Running {
        let mut command = self.command(&[&["serve", "--log-format", "json"], args].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the server ended").unwrap();
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "server.started" {
                break line["address"].as_str().unwrap().parse().unwrap();
            }
        };
        // Read on, so that the server never waits for somebody who reads its log.
        std::thread::spawn(move || lines.for_each(drop));
        Running { child, address }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}
