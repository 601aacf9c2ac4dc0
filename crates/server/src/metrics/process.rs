//! What the system knows of this process, under the names that Prometheus's own libraries give it.
//! Known on Linux only.

use std::fmt::Error;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Reads the figures when they are collected.
#[derive(Debug)]
pub(super) struct Process;

struct Figures {
    cpu_seconds: f64,
    started_at_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    open_files: u64,
    max_files: Option<u64>,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        // Where the system does not tell, nothing is said.
        let Some(figures) = read() else {
            return Ok(());
        };
        let mut put =
            |name: &str, help: &str, metric: &dyn Put| metric.put(name, help, &mut encoder);
        put(
            "process_cpu_seconds",
            "Processor time that was used",
            &ConstCounter::new(figures.cpu_seconds),
        )?;
        put(
            "process_start_time_seconds",
            "When the process began, in seconds since 1970",
            &ConstGauge::new(figures.started_at_seconds),
        )?;
        put(
            "process_resident_memory_bytes",
            "Memory in use",
            &ConstGauge::new(figures.resident_bytes),
        )?;
        put(
            "process_virtual_memory_bytes",
            "Memory set apart",
            &ConstGauge::new(figures.virtual_bytes),
        )?;
        put(
            "process_open_fds",
            "Open files, connections included",
            &ConstGauge::new(figures.open_files),
        )?;
        if let Some(max) = figures.max_files {
            put(
                "process_max_fds",
                "Files that may be open",
                &ConstGauge::new(max),
            )?;
        }
        Ok(())
    }
}

/// A figure of any type.
trait Put {
    fn put(&self, name: &str, help: &str, encoder: &mut DescriptorEncoder<'_>)
    -> Result<(), Error>;
}

impl<M: EncodeMetric> Put for M {
    fn put(
        &self,
        name: &str,
        help: &str,
        encoder: &mut DescriptorEncoder<'_>,
    ) -> Result<(), Error> {
        let metric = encoder.encode_descriptor(name, help, None, self.metric_type())?;
        self.encode(metric)
    }
}

#[cfg(target_os = "linux")]
fn read() -> Option<Figures> {
    use procfs::{
        WithCurrentSystemInfo as _,
        process::{LimitValue, Process},
    };

    let process = Process::myself().ok()?;
    let stat = process.stat().ok()?;
    let ticks = procfs::ticks_per_second();
    let seconds = |count: u64| count as f64 / ticks as f64;
    let max_files = match process.limits().ok()?.max_open_files.soft_limit {
        LimitValue::Value(files) => Some(files),
        LimitValue::Unlimited => None,
    };
    Some(Figures {
        cpu_seconds: seconds(stat.utime + stat.stime),
        started_at_seconds: procfs::boot_time_secs().ok()? as f64 + seconds(stat.starttime),
        resident_bytes: stat.rss_bytes().get(),
        virtual_bytes: stat.vsize,
        open_files: u64::try_from(process.fd_count().ok()?).ok()?,
        max_files,
    })
}

#[cfg(not(target_os = "linux"))]
fn read() -> Option<Figures> {
    None
}
