//! One PostgreSQL that all tests of a run share, each in a database of its own.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    checkout,
    command::{self, program},
};

/// Where tests look for it.
const SHARED: &str = "MAGPIE_TEST_POSTGRES";

/// Which engine the servers of tests use.
const ENGINE: &str = "MAGPIE_TEST_ENGINE";

/// A running one. It ends, and its folder goes, with this or with our process.
pub(super) struct Postgres {
    child: Child,
    url: String,
}

impl Postgres {
    /// Starts it.
    ///
    /// # Errors
    /// When it is not installed, or does not start.
    pub(super) fn start() -> Result<Self> {
        let no_arguments: [&str; 0] = [];
        let mut child = program(checkout::built("magpie-test-postgres"), no_arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start magpie-test-postgres")?;
        let mut url = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut url)?;
        }
        if url.is_empty() {
            bail!("there is no PostgreSQL for the tests ({})", child.wait()?);
        }
        let url = url.trim().to_owned();
        Ok(Self { child, url })
    }

    /// Runs tests that make databases in it where they need them.
    ///
    /// # Errors
    /// When one of them fails.
    pub(super) fn lend(&self, mut tests: Command) -> Result<()> {
        tests.env(SHARED, &self.url);
        command::run(tests)
    }

    /// Runs tests whose servers all use it.
    ///
    /// # Errors
    /// When one of them fails.
    pub(super) fn test(&self, mut tests: Command) -> Result<()> {
        tests.env(ENGINE, "postgres");
        self.lend(tests)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
