//! What all workloads can be told.

use std::path::PathBuf;

use crate::report;

/// How to run a workload.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// Small counts: shows within seconds whether all works, and nothing about how fast it is.
    #[arg(long)]
    pub(crate) quick: bool,
    /// The folder of the results.
    #[arg(long, value_name = "FOLDER", default_value_os_t = report::results())]
    pub(crate) out: PathBuf,
}
