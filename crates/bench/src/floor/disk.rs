//! What the disk takes to hold on to something.

use std::{fs::File, io::Write as _, path::Path, time::Instant};

use anyhow::Result;

use crate::measure::Latencies;

/// What is written before each sync, in bytes.
const BLOCK: usize = 4096;

/// Measures how long the disk under `folder` takes to sync a block that was just written.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn sync(folder: &Path, times: usize) -> Result<Latencies> {
    let mut file: File = tempfile::tempfile_in(folder)?;
    let mut latencies = Latencies::new()?;
    for _ in 0..times {
        file.write_all(&[7; BLOCK])?;
        let begin = Instant::now();
        file.sync_data()?;
        latencies.add(begin.elapsed());
    }
    Ok(latencies)
}
