//! What was found.

use std::io::{self, Write as _};

use serde::Serialize;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// The server runs, but not as well, or not for long.
    Warning,
    /// The server does not run, or not rightly.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) part: &'static str,
    pub(super) level: Level,
    pub(super) words: String,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<String>,
}

/// All that was found, in the order in which it was looked at.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

#[derive(Serialize)]
struct Answer<'a> {
    well: bool,
    findings: &'a [Finding],
}

impl Report {
    pub(super) fn ok(&mut self, part: &'static str, words: impl Into<String>) {
        self.add(part, Level::Ok, words.into(), None);
    }

    pub(super) fn warning(
        &mut self,
        part: &'static str,
        words: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(part, Level::Warning, words.into(), Some(help.into()));
    }

    pub(super) fn problem(
        &mut self,
        part: &'static str,
        words: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(part, Level::Problem, words.into(), Some(help.into()));
    }

    fn add(&mut self, part: &'static str, level: Level, words: String, help: Option<String>) {
        self.0.push(Finding {
            part,
            level,
            words,
            help,
        });
    }

    /// Tells whether there is no problem.
    pub(super) fn is_well(&self) -> bool {
        self.0.iter().all(|finding| finding.level != Level::Problem)
    }

    /// Writes it to the standard output.
    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        if json {
            let answer = Answer {
                well: self.is_well(),
                findings: &self.0,
            };
            writeln!(out, "{}", serde_json::to_string_pretty(&answer)?)?;
            return Ok(());
        }
        for finding in &self.0 {
            let level = match finding.level {
                Level::Ok => "ok",
                Level::Warning => "warning",
                Level::Problem => "problem",
            };
            writeln!(out, "{level:<8} {:<11} {}", finding.part, finding.words)?;
            if let Some(help) = &finding.help {
                writeln!(out, "{:<20} -> {help}", "")?;
            }
        }
        Ok(())
    }
}
