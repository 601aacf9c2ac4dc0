//! `idle`: ten thousand devices that are connected and silent, and the server comes back.

mod sign_in;
mod storm;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    args::ServerArgs,
    floor::{idle_echo, rate},
    measure::Grown,
    report::{Budget, Figure, Report},
    stand::{Stand, register},
};

use storm::Crowd;

/// What the workload takes.
#[derive(Clone, Copy)]
struct Counts {
    sockets: usize,
    sign_ins: usize,
    hashes: usize,
}

const FULL: Counts = Counts {
    sockets: 10_000,
    sign_ins: 300,
    hashes: 40,
};

const QUICK: Counts = Counts {
    sockets: 100,
    sign_ins: 4,
    hashes: 2,
};

/// How long all may take to connect.
const BOUND: Duration = Duration::from_secs(120);
/// How long the server is left alone before its memory is looked at.
const SETTLING: Duration = Duration::from_secs(3);

const KIB: f64 = 1024.0;

/// Runs the workload.
///
/// # Errors
/// When it cannot be run, or when not all are let in.
pub(crate) async fn idle(args: &ServerArgs) -> Result<()> {
    let counts = if args.common.quick { QUICK } else { FULL };
    let mut report = Report::new(format!("idle-{}", args.engine), &args.common);
    report.count("sockets", counts.sockets);
    report.count("sign-ins", counts.sign_ins);

    let echo = idle_echo(counts.sockets).await?;
    if args.floor_only {
        report.add(Figure::new(
            "memory of an echo's socket (PSS)",
            echo.pss / KIB,
            "KiB",
        ));
        report.add(Figure::new(
            "memory of an echo's socket (RSS)",
            echo.rss / KIB,
            "KiB",
        ));
        report.name.push_str("-floor");
        return report.publish(&args.common.out);
    }

    let stand = Stand::new(args).await?;
    let people = stand.pairs(counts.sockets).await?.people;

    let server = stand.serve(None).await?;
    let before = server.tree().memory()?;
    let begin = Instant::now();
    let mut crowd = Crowd::connect(server.address(), &people).await?;
    let connecting = begin.elapsed();
    tokio::time::sleep(SETTLING).await;
    let now = server.tree().memory()?;
    let grown = Grown::between(before, now, counts.sockets);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let mib = |bytes: u64| bytes as f64 / KIB / KIB;
    report.add(
        Figure::new("memory per socket (PSS)", grown.pss / KIB, "KiB")
            .floor(echo.pss / KIB)
            .budget(Budget::AtMost(15.0)),
    );
    report
        .add(Figure::new("memory per socket (RSS)", grown.rss / KIB, "KiB").floor(echo.rss / KIB));
    report.add(Figure::new(
        "memory of the server, nobody there (PSS)",
        mib(before.pss),
        "MiB",
    ));
    report.add(Figure::new(
        "memory of the server, all there (PSS)",
        mib(now.pss),
        "MiB",
    ));
    report.add(Figure::new(
        "memory of the server, at its most (RSS)",
        mib(now.peak),
        "MiB",
    ));
    let sockets = u64::try_from(counts.sockets)?;
    report.add(Figure::new(
        "first connection",
        rate(sockets, connecting),
        "sockets/s",
    ));

    let address = server.address();
    let begin = Instant::now();
    server.stop().await?;
    let stopped = begin.elapsed();
    let server = stand.serve(Some(address)).await?;
    let back = begin.elapsed();
    let lost = crowd.until_all_are_back(BOUND).await;
    let all = begin.elapsed();
    let cpu = server.tree().cpu()?;
    report.fault("did not come back", u64::try_from(lost)?);
    report.add(Figure::new(
        "restart: the server had ended after",
        stopped.as_secs_f64(),
        "s",
    ));
    report.add(Figure::new(
        "restart: it took connections after",
        back.as_secs_f64(),
        "s",
    ));
    let storm = all.saturating_sub(back).as_secs_f64();
    report.add(Figure::new(
        "restart: from then until all are ready",
        storm,
        "s",
    ));
    report.add(Figure::new(
        "restart: tries to connect, each",
        crowd.tries_each(),
        "",
    ));
    report.add(Figure::new("restart: server CPU", cpu.as_secs_f64(), "s"));
    crowd.leave().await;
    server.stop().await?;

    let server = stand.serve(None).await?;
    // Their passwords cost what the product's cost.
    let members = register(&server, "m", counts.hashes).await?;
    sign_in::measure(
        &mut report,
        &server,
        &members,
        counts.sign_ins,
        counts.hashes,
    )
    .await?;
    server.stop().await?;
    report.publish(&args.common.out)
}
