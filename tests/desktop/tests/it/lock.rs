//! The app lock: what is behind it, nobody sees, hears or finds open.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{App, Person, id, scenario, until};

const PASSPHRASE: &str = "five brown eggs";

#[tokio::test]
async fn a_locked_app_shows_and_tells_nothing() -> Result<()> {
    scenario("lock", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let notifier = world.notifier().await?;
        let server = world.server().await?;
        let bobs = world.app("bob").await?;
        let tray = world.tray().await?;
        let mut alices = world.app("alice").await?;
        alices.befriends(&bobs, &server).await?;
        bobs.opens_chat_with(alice).await?;
        alices.opens_chat_with(bob).await?;
        bobs.says("before the lock").await?;
        alices.shows("before the lock", &[]).await?;
        ensure!(has_databases_open(&alices)?, "{:?}", alices.open_files()?);

        alices.opens_settings("lock").await?;
        alices.fills(&id("field-lock"), PASSPHRASE).await?;
        alices.fills(&id("field-lock-repeat"), PASSPHRASE).await?;
        alices.click(&id("submit")).await?;
        alices.click(&id("lock-now")).await?;
        alices.see(&id("view-lock")).await?;
        alices.picture("lock").await?;

        // Nothing is on the page, in the tray or open on the disk.
        tray.has(&["Locked"]).await?;
        until("the databases to be closed", async || {
            Ok((!has_databases_open(&alices)?).then_some(()))
        })
        .await?;
        let page = alices.script("return document.documentElement.innerHTML", vec![]);
        let page = page.await?.to_string();
        ensure!(!page.contains(bob.nickname), "{page}");

        // What is said meanwhile waits at the server, and nothing is told of it.
        let told = notifier.received().len();
        bobs.says("behind the lock").await?;
        bobs.shows("behind the lock", &["sent"]).await?;

        alices
            .fills(&id("field-passphrase"), "five brown legs")
            .await?;
        alices.click(&id("unlock")).await?;
        alices
            .reads(&id("view-lock"), |text| text.contains("not the passphrase"))
            .await?;
        ensure!(!has_databases_open(&alices)?);
        ensure!(
            notifier.received().len() == told,
            "{:?}",
            notifier.received()
        );

        unlocks(&alices).await?;
        alices.opens_chat_with(bob).await?;
        alices.shows("behind the lock", &[]).await?;
        bobs.shows("behind the lock", &["read"]).await?;
        tray.has(&["Alice – online"]).await?;

        // It is locked after a restart, without a network too.
        alices.close().await?;
        alices.open().await?;
        alices.see(&id("view-lock")).await?;
        ensure!(!has_databases_open(&alices)?, "{:?}", alices.open_files()?);
        tray.has(&["Locked"]).await?;
        bobs.says("before it is opened").await?;
        bobs.shows("before it is opened", &["sent"]).await?;
        unlocks(&alices).await?;
        alices.opens_chat_with(bob).await?;
        alices.shows("before it is opened", &[]).await?;
        alices.miss(&id("field-password")).await
    })
    .await
}

async fn unlocks(app: &App<'_>) -> Result<()> {
    app.fills(&id("field-passphrase"), PASSPHRASE).await?;
    app.click(&id("unlock")).await?;
    app.miss(&id("view-lock")).await?;
    app.see(&id("rail-chats")).await?;
    Ok(())
}

fn has_databases_open(app: &App<'_>) -> Result<bool> {
    let files = app.open_files()?;
    Ok(files.iter().any(|file| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.contains(".db") || name.contains(".sqlite"))
    }))
}
