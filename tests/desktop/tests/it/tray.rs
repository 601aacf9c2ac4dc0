//! The tray: what it says, what can be chosen in it, and closing the window into it.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{Person, id, scenario};

#[tokio::test]
async fn the_tray_says_what_is_unread_and_its_menu_works() -> Result<()> {
    scenario("tray", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let server = world.server().await?;
        let bobs = world.app("bob").await?;
        // The icon of the app that comes last is the one that is looked at.
        let tray = world.tray().await?;
        let mut alices = world.app("alice").await?;
        alices.befriends(&bobs, &server).await?;

        tray.says("No unread messages").await?;
        let (title, _, nothing_new) = tray.icon().await?;
        ensure!(title == "Magpie – alice", "it is called {title:?}");
        alices.click(&id("rail-contacts")).await?;
        bobs.opens_chat_with(alice).await?;
        bobs.says("one").await?;
        bobs.says("two").await?;
        tray.says("2 unread messages").await?;
        let (_, _, something_new) = tray.icon().await?;
        ensure!(nothing_new != something_new, "the icon does not change");

        // What is read is not unread any more, and the icon is as it was.
        alices.opens_chat_with(bob).await?;
        tray.says("No unread messages").await?;
        let (_, _, nothing_new_again) = tray.icon().await?;
        ensure!(nothing_new == nothing_new_again, "the icon stays");

        let menu = tray.menu().await?;
        let words: Vec<&str> = menu.iter().map(|(_, words)| words.as_str()).collect();
        ensure!(
            words
                == [
                    "Open Magpie",
                    "",
                    "Do not disturb for 1 hour",
                    "Do not disturb for 8 hours",
                    "Do not disturb until tomorrow",
                    "",
                    "Alice – online",
                    "Settings",
                    "",
                    "Quit Magpie",
                ],
            "there is {words:?}"
        );

        tray.choose("Do not disturb for 1 hour").await?;
        tray.says("No unread messages\nDo not disturb is on")
            .await?;
        tray.choose("Turn notifications back on").await?;
        tray.says("No unread messages").await?;

        tray.choose("Settings").await?;
        alices.see(&id("view-settings")).await?;

        tray.choose("Quit Magpie").await?;
        alices.ends().await
    })
    .await
}

#[tokio::test]
async fn a_closed_window_is_in_the_tray_or_can_be_reached_without() -> Result<()> {
    scenario("closing", async |world| {
        let server = world.server().await?;
        let tray = world.tray().await?;
        let mut app = world.app("alice").await?;
        app.registers(Person::alice(), &server).await?;
        let window = app.window_is_shown().await?;
        tray.says("No unread messages").await?;

        // The page asks once what closing means, and the answer is kept.
        app.closes_window(&window)?;
        app.see(&id("close-dialog")).await?;
        app.click(&id("close-remember")).await?;
        // The driver may not answer any more once the window is hidden, so the page clicks afterwards.
        app.see(&id("close-tray")).await?;
        let click = "setTimeout(() => document.querySelector(arguments[0]).click(), 100)";
        app.script(click, vec![id("close-tray").into()]).await?;
        app.window_is_hidden().await?;
        tray.choose("Open Magpie").await?;
        let window = app.window_is_shown().await?;
        app.closes_window(&window)?;
        app.window_is_hidden().await?;

        // A panel that crashes takes no window with it.
        tray.dies().await?;
        app.window_is_shown().await?;

        // One that appears later is noticed.
        let tray = world.tray().await?;
        tray.says("No unread messages").await?;
        let window = app.window_is_shown().await?;
        app.closes_window(&window)?;
        app.window_is_hidden().await?;

        // A second start brings it back too.
        ensure!(app.starts_again(&[]).await?, "the second start failed");
        app.window_is_shown().await?;
        tray.choose("Quit Magpie").await?;
        app.ends().await
    })
    .await
}

#[tokio::test]
async fn a_start_without_a_window_is_in_the_tray() -> Result<()> {
    scenario("hidden", async |world| {
        let tray = world.tray().await?;
        let mut app = world.app_with("alice", &["--hidden"]).await?;
        app.window_is_hidden().await?;
        tray.choose("Open Magpie").await?;
        app.window_is_shown().await?;
        tray.choose("Quit Magpie").await?;
        app.ends().await?;

        // Without a tray the window comes by itself.
        tray.dies().await?;
        app.open().await?;
        app.window_is_shown().await?;
        Ok(())
    })
    .await
}
