//! `app`: the app's window beside an empty one of the same engine.
//!
//! Both are watched from outside in the same way: a narrow strip of the display where the list has
//! its round pictures is looked at until enough of them are there. The empty window has discs in
//! the same places, in a page that never changes. The app is signed in, on a large cache, and its
//! server does not answer.

mod eye;
mod stage;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::{
    args::Common,
    core::{self, disk},
    measure::{Memory, Tree},
    report::{Budget, Figure, Report},
};
use stage::Stage;

/// How long after the start memory is looked at.
const SETTLED: Duration = Duration::from_secs(5);

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct AppArgs {
    #[command(flatten)]
    common: Common,
    /// How often each of the two is opened.
    #[arg(long, default_value_t = 5, value_name = "COUNT")]
    rounds: usize,
    /// The app; by default the one that was built beside this program.
    #[arg(long, value_name = "FILE")]
    app: Option<PathBuf>,
    /// Keeps a picture of either window beside the results.
    #[arg(long)]
    picture: bool,
}

/// One opening of one window.
struct Opening {
    painted: Duration,
    memory: Memory,
    processes: usize,
    cpu: Duration,
}

/// Reads a figure off an opening.
type Read = fn(&Opening) -> f64;

/// Runs the workload.
///
/// # Errors
/// When a window cannot be opened or never shows what it should.
pub(crate) fn run(args: &AppArgs) -> Result<()> {
    core::make(&args.common)?;
    let size = core::size(args.common.quick);
    let out = &args.common.out;
    let folder = out.join("app-run");
    disk::copy(&size.folder(out), &folder)?;
    let measured = measure(args, &folder);
    disk::remove(&folder)?;
    let (own, empty) = measured?;
    let mut report = Report::new("app", &args.common);
    report.count("rounds", args.rounds);
    report.count("messages", size.messages);
    report.count("conversations", size.conversations);
    let budget = Budget::RatioAtMost(1.3);
    let figures: [(&str, &str, Read); 4] = [
        ("start until the list is painted", "ms", |one| {
            one.painted.as_secs_f64() * 1_000.0
        }),
        ("memory of all processes (PSS)", "MiB", |one| {
            mebibytes(one.memory.pss)
        }),
        ("processor time in that while", "ms", |one| {
            one.cpu.as_secs_f64() * 1_000.0
        }),
        ("processes", "", |one| one.processes as f64),
    ];
    for (nth, (name, unit, read)) in figures.into_iter().enumerate() {
        let figure = Figure::new(name, median(&own, read)?, unit).floor(median(&empty, read)?);
        report.add(if nth < 2 {
            figure.budget(budget)
        } else {
            figure
        });
    }
    for program in ["magpie", "magpie-server"] {
        let path = beside(program)?;
        if let Ok(file) = path.metadata() {
            report.add(Figure::new(
                format!("size of {program}"),
                mebibytes(file.len()),
                "MiB",
            ));
        }
    }
    report.publish(out)
}

fn measure(args: &AppArgs, folder: &std::path::Path) -> Result<(Vec<Opening>, Vec<Opening>)> {
    let app = match &args.app {
        Some(app) => app.clone(),
        None => beside("magpie")?,
    };
    let empty = beside("magpie-empty-window")?;
    for program in [&app, &empty] {
        ensure!(program.is_file(), "{} is not built", program.display());
    }
    let stage = Stage::new(folder)?;
    let mut openings = (Vec::new(), Vec::new());
    // The first round fills the system's caches and moves the secrets into the keychain.
    for round in 0..=args.rounds {
        let picture = |name: &str| {
            (args.picture && round == args.rounds)
                .then(|| args.common.out.join(format!("app-{name}.ppm")))
        };
        let own = open(&stage, &app, picture("own"))?;
        let other = open(&stage, &empty, picture("empty"))?;
        println!(
            "round {round}: {:.0} ms, {:.0} MiB beside {:.0} ms, {:.0} MiB",
            own.painted.as_secs_f64() * 1_000.0,
            mebibytes(own.memory.pss),
            other.painted.as_secs_f64() * 1_000.0,
            mebibytes(other.memory.pss)
        );
        if round > 0 {
            openings.0.push(own);
            openings.1.push(other);
        }
    }
    Ok(openings)
}

fn open(stage: &Stage, program: &std::path::Path, picture: Option<PathBuf>) -> Result<Opening> {
    let mut window = stage.open(program)?;
    let painted = stage.eye().wait_for_list(window.begin)?;
    let tree = Tree::of(window.id());
    std::thread::sleep(SETTLED.saturating_sub(window.begin.elapsed()));
    let opening = Opening {
        painted,
        memory: tree.memory()?,
        processes: tree.members()?.len(),
        cpu: tree.cpu()?,
    };
    for id in tree.members()? {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}"));
        let name = read("comm").unwrap_or_default();
        let pss = read("smaps_rollup").unwrap_or_default();
        let pss = pss.lines().find(|line| line.starts_with("Pss:"));
        println!("    {} {}", name.trim(), pss.unwrap_or_default());
    }
    if let Some(picture) = picture {
        stage.eye().picture(&picture)?;
    }
    window.close()?;
    stage.eye().wait_for_nothing()?;
    Ok(opening)
}

fn median(openings: &[Opening], read: Read) -> Result<f64> {
    let mut values: Vec<f64> = openings.iter().map(read).collect();
    values.sort_by(f64::total_cmp);
    values
        .get(values.len() / 2)
        .copied()
        .context("nothing was opened")
}

/// Returns the path of a program that was built with this one.
fn beside(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().context("no folder")?.join(name))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
