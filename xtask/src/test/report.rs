//! What has been run, and how it went.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::command::{self, Spell};

/// The steps so far.
pub(super) struct Report {
    begin: Instant,
    steps: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    failure: Option<String>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self {
            begin: Instant::now(),
            steps: Vec::new(),
        }
    }

    /// Runs a step and keeps how it went; returns whether it went well.
    pub(super) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> bool {
        let begin = Instant::now();
        let outcome = command::step(name, work);
        if let Err(error) = &outcome {
            println!("    {error:#}");
        }
        self.steps.push(Step {
            name: name.to_owned(),
            took: begin.elapsed(),
            failure: outcome.as_ref().err().map(|error| format!("{error:#}")),
        });
        outcome.is_ok()
    }

    /// Notes that something could not be run, which is a failure.
    pub(super) fn skip(&mut self, name: &str) {
        self.steps.push(Step {
            name: name.to_owned(),
            took: Duration::ZERO,
            failure: Some("not run".to_owned()),
        });
    }

    /// Prints all steps and the counts; fails when one did.
    pub(super) fn close(self) -> ExitCode {
        println!("\n==> summary, after {}", Spell(self.begin.elapsed()));
        for step in &self.steps {
            let word = if step.failure.is_some() {
                "FAILED"
            } else {
                "ok"
            };
            println!("    {word:6}  {} ({})", step.name, Spell(step.took));
        }
        for step in &self.steps {
            if let Some(failure) = &step.failure {
                println!("\n{} failed: {failure}", step.name);
            }
        }
        let failed = self
            .steps
            .iter()
            .filter(|step| step.failure.is_some())
            .count();
        println!("\n{} passed, {failed} failed", self.steps.len() - failed);
        if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
