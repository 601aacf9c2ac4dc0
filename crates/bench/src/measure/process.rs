//! What a process takes of the machine, as the system counts it.

use std::{collections::BTreeSet, fs, time::Duration};

use anyhow::{Context as _, Result};

/// A process and all processes that it started, directly or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree {
    root: u32,
}

/// Memory of a tree of processes, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Resident: pages that several share are counted with each.
    pub(crate) rss: u64,
    /// Proportional: a page that three share counts a third with each.
    pub(crate) pss: u64,
    /// The most that was resident at the same time, since the process began.
    pub(crate) peak: u64,
}

/// By how much memory has grown, in bytes for each of those who came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grown {
    /// Of [`Memory::rss`].
    pub(crate) rss: f64,
    /// Of [`Memory::pss`].
    pub(crate) pss: f64,
}

impl Grown {
    /// Compares what was there before so many came with what is there now.
    pub(crate) fn between(before: Memory, now: Memory, came: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let each = |before: u64, now: u64| now.saturating_sub(before) as f64 / came.max(1) as f64;
        Self {
            rss: each(before.rss, now.rss),
            pss: each(before.pss, now.pss),
        }
    }
}

impl Tree {
    /// Takes the process with this id as the root.
    pub(crate) fn of(root: u32) -> Self {
        Self { root }
    }

    /// Takes this process as the root.
    pub(crate) fn own() -> Self {
        Self::of(std::process::id())
    }

    /// Returns the CPU time that the processes of the tree have used so far, in user and kernel
    /// mode, that of children which have ended and were waited for included. The system counts it
    /// in steps of 10 ms.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn cpu(self) -> Result<Duration> {
        let mut used = 0;
        for id in self.members()? {
            // Children may come and go while we look; the root must be there.
            let stat = match fs::read_to_string(format!("/proc/{id}/stat")) {
                Ok(stat) => stat,
                Err(error) if id == self.root => return Err(error).context("the process is gone"),
                Err(_) => continue,
            };
            used += cpu_ticks(&stat).context("/proc/…/stat has another shape")?;
        }
        in_time(used)
    }

    /// Returns the CPU time of the root process alone, without its children.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn cpu_alone(self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.root))?;
        let used: Option<u64> = (14..=15).map(|number| stat_field(&stat, number)).sum();
        in_time(used.context("/proc/…/stat has another shape")?)
    }

    /// Returns what memory the processes of the tree hold.
    ///
    /// # Errors
    /// When the process is gone, or may not be looked at.
    pub(crate) fn memory(self) -> Result<Memory> {
        let mut sum = Memory::default();
        for id in self.members()? {
            let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}"));
            let (rollup, status) = match (read("smaps_rollup"), read("status")) {
                (Ok(rollup), Ok(status)) => (rollup, status),
                (Err(error), _) | (_, Err(error)) if id == self.root => {
                    return Err(error).context("the memory of the process cannot be read");
                }
                _ => continue,
            };
            sum.rss += field(&rollup, "Rss:").unwrap_or(0);
            sum.pss += field(&rollup, "Pss:").unwrap_or(0);
            sum.peak += field(&status, "VmHWM:").unwrap_or(0);
        }
        Ok(sum)
    }

    /// Returns the ids of all processes of the tree, the root's first.
    pub(crate) fn members(self) -> Result<Vec<u32>> {
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            if let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat"))
                && let Some(parent) = stat_field(&stat, 4)
            {
                parents.push((id, u32::try_from(parent).unwrap_or(0)));
            }
        }
        let mut members = vec![self.root];
        let mut known = BTreeSet::from([self.root]);
        let mut looked = 0;
        while let Some(parent) = members.get(looked).copied() {
            looked += 1;
            for (id, of) in &parents {
                if *of == parent && known.insert(*id) {
                    members.push(*id);
                }
            }
        }
        Ok(members)
    }
}

fn in_time(ticks: u64) -> Result<Duration> {
    let in_second = rustix::param::clock_ticks_per_second().max(1);
    Ok(Duration::from_millis(
        ticks.saturating_mul(1_000) / in_second,
    ))
}

/// Returns a field of `/proc/…/stat` by its number in proc(5), from 4 on. The second field, the
/// name of the program, may itself hold spaces and parentheses.
fn stat_field(stat: &str, number: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    fields.nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_ticks(stat: &str) -> Option<u64> {
    // utime, stime, and those of the children that were waited for.
    (14..=17).map(|number| stat_field(stat, number)).sum()
}

/// Returns what stands behind `name` in a file of lines such as `Rss:   12 kB`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let stat = "7 (a (b) c) S 3 7 7 0 -1 4 1 0 0 0 11 22 33 44 20 0 1";
        assert_eq!(stat_field(stat, 4), Some(3));
        assert_eq!(cpu_ticks(stat), Some(110));
    }

    #[test]
    fn this_process_takes_memory_and_time() {
        let begin = std::time::Instant::now();
        while begin.elapsed() < Duration::from_millis(60) {
            std::hint::spin_loop();
        }
        let own = Tree::own();
        assert!(own.cpu().unwrap() >= Duration::from_millis(10));
        let memory = own.memory().unwrap();
        assert!(memory.rss >= memory.pss && memory.pss > 100_000);
        assert!(memory.peak >= memory.pss);
    }
}
