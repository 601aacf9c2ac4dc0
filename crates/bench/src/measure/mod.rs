//! Measuring: what a process takes, and how long things take.

mod latency;
mod machine;
mod process;

pub(crate) use latency::Latencies;
pub(crate) use machine::Machine;
#[cfg(feature = "client")]
pub(crate) use process::Memory;
pub(crate) use process::{Grown, Tree};
