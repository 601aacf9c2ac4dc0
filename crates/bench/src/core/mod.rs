//! `core`: the client on a large cache, without a window and without a server.
//!
//! Everything goes through the core as the app uses it: the list, an opened conversation, older
//! pages, and frames of the socket as text. The floor beside a figure is the bare statement on the
//! same encrypted file, with the same settings, and nothing made of its rows.

mod cache;
mod corpus;
pub(crate) mod disk;
mod floor;
mod hearing;
mod reading;

use std::path::Path;

use anyhow::{Context as _, Result};
use magpie_core::{Core, Home};

use crate::{
    args::Common,
    measure::Tree,
    report::{Budget, Figure, Report},
};
use cache::Size;

/// What to measure on.
#[derive(clap::Args)]
pub(crate) struct CoreArgs {
    #[command(flatten)]
    common: Common,
    /// Make the cache and end. Done by a process of its own, whose memory does not count.
    #[arg(long, hide = true)]
    make_only: bool,
}

/// How much of everything.
#[derive(Clone, Copy)]
struct Plan {
    size: Size,
    lists: usize,
    opened: usize,
    climbs: usize,
    climb: u64,
    incoming: u64,
    spread: u64,
}

impl Plan {
    fn of(quick: bool) -> Self {
        match quick {
            false => Self {
                size: size(false),
                lists: 50,
                opened: 500,
                climbs: 20,
                climb: 1_000,
                incoming: 10_000,
                spread: 50,
            },
            true => Self {
                size: size(true),
                lists: 3,
                opened: 10,
                climbs: 2,
                climb: 100,
                incoming: 200,
                spread: 5,
            },
        }
    }
}

/// Returns how large the cache is.
pub(crate) fn size(quick: bool) -> Size {
    match quick {
        false => Size {
            messages: 1_000_000,
            conversations: 2_000,
        },
        true => Size {
            messages: 1_000,
            conversations: 20,
        },
    }
}

/// Runs the workload.
///
/// # Errors
/// When something cannot be done, or the core shows something else than what was put in.
pub(crate) fn run(args: &CoreArgs) -> Result<()> {
    let plan = Plan::of(args.common.quick);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if args.make_only {
        return runtime
            .block_on(async { cache::ensure(&args.common.out, plan.size).await.map(drop) });
    }
    make(&args.common)?;
    let made = plan.size.folder(&args.common.out);
    let folder = args.common.out.join("core-run");
    disk::copy(&made, &folder)?;
    let mut report = Report::new("core", &args.common);
    let Size {
        messages,
        conversations,
    } = plan.size;
    report.count("messages", messages);
    report.count("conversations", conversations);
    let measured = runtime.block_on(measure(plan, &folder, &mut report));
    disk::remove(&folder)?;
    measured?;
    report.publish(&args.common.out)
}

/// Makes the cache where it is missing. What that takes in memory is not this process's.
pub(crate) fn make(args: &Common) -> Result<()> {
    if Plan::of(args.quick).size.folder(&args.out).is_dir() {
        return Ok(());
    }
    let mut again = std::process::Command::new(std::env::current_exe()?);
    again.args(["core", "--make-only", "--out"]).arg(&args.out);
    if args.quick {
        again.arg("--quick");
    }
    let status = again.status().context("cannot start this program anew")?;
    anyhow::ensure!(status.success(), "the cache was not made");
    Ok(())
}

async fn measure(plan: Plan, folder: &Path, report: &mut Report) -> Result<()> {
    let chats = cache::chats(plan.size)?;
    let file = {
        let (home, core) = open(folder).await?;
        let file = home.database_file(core.key()).await?;
        core.close().await;
        file.context("there is no database")?
    };
    disk::forget(&file.0)?;
    let read = reading::measure(plan, &chats, folder, &file.0, report).await?;
    let floor = floor::Bare::open(&file)?.reading(plan, &chats)?;
    let budget = |figure: Figure| figure.budget(Budget::AtMost(10.0));
    report.add(Figure::new("open the profile, cold", read.start, "ms"));
    report
        .add(budget(Figure::new("whole list, cold", read.list_cold, "ms")).floor(floor.list_cold));
    report.add(
        budget(Figure::new(
            "whole list, p95",
            read.list.quantile(0.95),
            "ms",
        ))
        .floor(floor.list.quantile(0.95)),
    );
    let passes = [
        ("cold", &read.opened_cold, &floor.opened_cold),
        ("warm", &read.opened, &floor.opened),
    ];
    for (pass, own, bare) in passes {
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            let name = format!("open a conversation, {pass}, {name}");
            let figure = Figure::new(name, own.quantile(share), "ms").floor(bare.quantile(share));
            report.add(if share > 0.9 && share < 0.96 {
                budget(figure)
            } else {
                figure
            });
        }
    }
    let name = format!("page up {} messages, p95", plan.climb);
    report
        .add(Figure::new(name, read.climb.quantile(0.95), "ms").floor(floor.climb.quantile(0.95)));
    let size = disk::size(&file.0)?;
    let memory = Tree::own().memory()?.peak;
    hearing::measure(plan, &chats, folder, &file, report).await?;
    report.add(Figure::new("file", mebibytes(size), "MiB"));
    report.add(Figure::new(
        "peak memory, reading",
        mebibytes(memory),
        "MiB",
    ));
    let memory = Tree::own().memory()?.peak;
    report.add(Figure::new(
        "peak memory, the bench's own included",
        mebibytes(memory),
        "MiB",
    ));
    Ok(())
}

/// Opens the profile and the account in it.
async fn open(folder: &Path) -> Result<(Home, Core)> {
    let home = cache::home(folder).await?;
    let core = home.resume().await?.context("nobody is signed in")?;
    Ok((home, core))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
