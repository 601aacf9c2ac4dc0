//! The app at rest.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use magpie_tests_desktop::{Person, id, scenario, until};

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(20);

/// Counts what the page asks to be woken up for.
const COUNT: &str = "
    const count = (window.rest = { timers: 0, frames: 0 });
    for (const name of ['setTimeout', 'setInterval']) {
        const own = window[name].bind(window);
        window[name] = (...given) => { count.timers += 1; return own(...given) };
    }
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (done) => { count.frames += 1; return frame(done) };";

#[tokio::test]
async fn an_app_that_nobody_uses_does_nothing() -> Result<()> {
    scenario("rest", async |world| {
        let tray = world.tray().await?;
        let server = world.server().await?;
        let (alices, bobs) = world.friends(&server).await?;
        alices.opens_chat_with(Person::bob()).await?;
        bobs.opens_chat_with(Person::alice()).await?;
        alices.says("Good night").await?;
        bobs.shows("Good night", &[]).await?;
        alices.shows("Good night", &["read"]).await?;
        // What has been said once goes by itself, and with it the last thing that moves.
        alices.miss(&id("toast")).await?;
        tray.says("No unread messages").await?;
        // The engine's caret blinks, as all carets do, where a window is used.
        alices
            .script("document.activeElement.blur()", vec![])
            .await?;
        alices.script(COUNT, vec![]).await?;
        // What follows a start, such as looking for old messages, takes a moment.
        let before = until("a second without work", async || {
            let one = alices.effort()?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let two = alices.effort()?;
            let work = two.since(&one);
            ensure!(work.ticks <= 3, "{work:#?}");
            Ok(Some(two))
        })
        .await?;
        tokio::time::sleep(WATCHED).await;
        let effort = alices.effort()?.since(&before);
        let counted = alices.script("return window.rest", vec![]).await?;
        let all: u64 = effort.awakenings.values().sum();
        println!(
            "at rest for {} s: {}0 ms of the processor, {all} awakenings {:#?}, {counted}",
            WATCHED.as_secs(),
            effort.ticks,
            effort.awakenings
        );
        let timers = counted["timers"].as_u64().context("no count")?;
        let frames = counted["frames"].as_u64().context("no count")?;
        ensure!(timers <= 5 && frames == 0, "the page is busy: {counted}");
        let own = effort.awakenings.iter().filter(|(name, _)| {
            let engines = [
                "/magpie",
                "/ReceiveQueue",
                "/VBlankMonitor",
                "/PressureMonitor",
            ];
            name.starts_with("magpie/") && !engines.iter().any(|one| name.ends_with(one))
        });
        let own: u64 = own.map(|(_, count)| count).sum();
        ensure!(own <= WATCHED.as_secs(), "{effort:#?}");
        // One per cent of a processor, in a build that is not optimised.
        ensure!(effort.ticks <= 20, "{effort:#?}");
        Ok(())
    })
    .await
}
