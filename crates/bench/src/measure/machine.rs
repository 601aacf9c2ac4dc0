//! The machine and the state of the sources that a figure belongs to.

use std::{fs, path::Path, process::Command};

use serde::{Deserialize, Serialize};

/// What a figure was measured on, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) processor: String,
    /// How many cores may be used.
    pub(crate) cores: usize,
    /// Memory, in MiB.
    pub(crate) memory_mib: u64,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// The commit that was measured: the one checked out, with `+` where there were changes beside
    /// it, unless another was named.
    pub(crate) commit: String,
    /// The version of the workspace.
    pub(crate) version: String,
    /// `release` or `debug`.
    pub(crate) build: String,
}

impl Machine {
    /// Looks at this machine and, where no commit is given, at this checkout. What cannot be found
    /// out is called unknown.
    pub(crate) fn look(commit: Option<String>) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_once(':'))
                .map(|(_, value)| value.trim().to_owned())
        };
        let unknown = || "unknown".to_owned();
        let memory_kib = value(&read("/proc/meminfo"), "MemTotal")
            .and_then(|total| total.split(' ').next()?.parse::<u64>().ok());
        let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
        Self {
            processor: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory_kib.unwrap_or(0) / 1024,
            kernel: if kernel.is_empty() { unknown() } else { kernel },
            commit: commit.or_else(checked_out).unwrap_or_else(unknown),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            }
            .to_owned(),
        }
    }

    /// Returns the machine in one line.
    pub(crate) fn line(&self) -> String {
        let Self {
            processor,
            cores,
            memory_mib,
            kernel,
            commit,
            build,
            ..
        } = self;
        let gib = memory_mib.div_ceil(1024);
        format!(
            "{processor}, {cores} cores, {gib} GiB, Linux {kernel}; commit {commit}, {build} build"
        )
    }
}

fn checked_out() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(args)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
    // The documents hold the results themselves.
    let changed = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        "../../crates",
        "../../Cargo.lock",
    ])?;
    Some(if changed.is_empty() {
        commit
    } else {
        format!("{commit}+")
    })
}
