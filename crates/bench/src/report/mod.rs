//! What a workload found: a table for people, one JSON object for programs, and the tables of
//! `docs/benchmarks.md`.

mod figure;
mod summary;
mod table;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{args::Common, measure::Machine};

pub(crate) use figure::{Budget, Figure};
pub(crate) use summary::{SummaryArgs, summary};

/// The outcome of one workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The workload, such as `pairs`; with the engine behind it where it ran on one:
    /// `pairs-sqlite`.
    pub(crate) name: String,
    /// What was done, in numbers that stay the same from run to run: `sockets` → `200`.
    pub(crate) counts: BTreeMap<String, u64>,
    /// Whether the counts were small, to see that all works and not how fast it is.
    pub(crate) quick: bool,
    /// When it was done, in milliseconds since 1970.
    pub(crate) at: u64,
    /// Where, and of which sources.
    pub(crate) machine: Machine,
    /// What was found.
    pub(crate) figures: Vec<Figure>,
    /// What was wrong in what was received, in words; empty where all was right.
    pub(crate) faults: Vec<String>,
}

impl Report {
    /// Starts a report without figures.
    pub(crate) fn new(name: impl Into<String>, how: &Common) -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            name: name.into(),
            counts: BTreeMap::new(),
            quick: how.quick,
            at: since.map_or(0, |since| {
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            }),
            machine: Machine::look(how.commit.clone()),
            figures: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Says how much of something the workload took.
    pub(crate) fn count(&mut self, what: &str, count: impl TryInto<u64>) {
        self.counts
            .insert(what.to_owned(), count.try_into().unwrap_or(u64::MAX));
    }

    /// Adds a figure.
    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Says that something which must be right was not, unless `found` is 0.
    pub(crate) fn fault(&mut self, what: &str, found: u64) {
        if found > 0 {
            self.faults.push(format!("{found} {what}"));
        }
    }

    /// Prints the table and the JSON line, and writes that line to `<folder>/<name>.json`.
    ///
    /// # Errors
    /// When it cannot be written, and when something was wrong in what was received.
    pub(crate) fn publish(&self, folder: &Path) -> Result<()> {
        println!("\n{}", table::plain(self));
        let line = serde_json::to_string(self)?;
        println!("{line}");
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.json", self.name));
        fs::write(&path, format!("{line}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?;
        ensure!(
            self.faults.is_empty(),
            "{}: {}",
            self.name,
            self.faults.join(", ")
        );
        Ok(())
    }

    fn read(path: &Path) -> Result<Option<Self>> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .with_context(|| format!("{} holds something else", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}

/// Returns the folder of this workspace.
pub(crate) fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}

/// Returns where results are kept unless something else is asked for.
pub(crate) fn results() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target
        .map_or_else(|| workspace().join("target"), PathBuf::from)
        .join("bench")
}
