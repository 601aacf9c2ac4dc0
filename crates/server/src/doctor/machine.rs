//! What the system allows the server.

use super::report::Report;
use crate::config::Config;

pub(super) fn look(config: &Config, report: &mut Report) {
    files(config, report);
    memory(config, report);
}

#[cfg(unix)]
fn files(config: &Config, report: &mut Report) {
    const PART: &str = "open files";
    /// Those that a server needs besides its connections.
    const OTHER_FILES: u64 = 64;

    let wanted = u64::from(config.max_connections) + OTHER_FILES;
    // The server raises its limit to this by itself.
    match rlimit::Resource::NOFILE.get_hard() {
        Ok(most) if most >= wanted => report.ok(PART, format!("{most} are allowed")),
        Ok(most) => report.warning(
            PART,
            format!(
                "{most} are allowed, which is enough for {} of {} connections",
                most.saturating_sub(OTHER_FILES),
                config.max_connections
            ),
            format!("raise the limit (systemd: `LimitNOFILE={wanted}`), or lower max_connections"),
        ),
        Err(error) => report.warning(
            PART,
            format!("the limit is unknown: {error}"),
            "look at `ulimit -Hn`",
        ),
    }
}

#[cfg(not(unix))]
fn files(_: &Config, _: &mut Report) {}

#[cfg(target_os = "linux")]
fn memory(config: &Config, report: &mut Report) {
    use procfs::Current as _;

    const PART: &str = "memory";
    /// What a server without anybody takes, and what a connection adds to it.
    const BASE_KIB: u64 = 64 * 1024;
    const CONNECTION_KIB: u64 = 20;

    let Ok(memory) = procfs::Meminfo::current() else {
        return;
    };
    let threads = match config.hashing_threads {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
        threads => threads.into(),
    };
    let needed = BASE_KIB
        + threads * u64::from(config.argon2_memory_kib)
        + CONNECTION_KIB * u64::from(config.max_connections);
    let free = memory.mem_available.unwrap_or(memory.mem_free) / 1024;
    let words = format!("{} MiB available", free / 1024);
    if free >= needed {
        report.ok(PART, words);
    } else {
        report.warning(
            PART,
            format!(
                "{words}; with all connections taken the server needs about {} MiB",
                needed / 1024
            ),
            "lower max_connections or hashing_threads, or give the machine more memory",
        );
    }
}

#[cfg(not(target_os = "linux"))]
fn memory(_: &Config, _: &mut Report) {}
