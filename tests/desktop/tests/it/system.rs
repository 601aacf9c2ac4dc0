//! The app in its desktop: where its windows are, keys from anywhere, starting at login, and what the
//! system says of power and the network.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result, ensure};
use magpie_tests_desktop::{App, Frame, Part, Person, id, scenario, until};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};

#[tokio::test]
async fn a_window_comes_back_where_it_was_if_that_can_be_seen() -> Result<()> {
    scenario("places", async |world| {
        let mut app = world.app("alice").await?;
        let window = app.window_is_shown().await?;
        let wanted = (120, 80, 900, 600);
        app.moves_window(&window, wanted)?;
        until("the window to have moved", async || {
            Ok((app.window_is_shown().await?.place == wanted).then_some(()))
        })
        .await?;
        let file = app.profile().join("windows.json");
        until("the place to be written down", async || {
            let written: Value = serde_json::from_slice(&fs::read(&file)?)?;
            let main = written.get("main").cloned().unwrap_or_default();
            let corner = json!([120.0, 80.0]);
            let there =
                main.get("width") == Some(&json!(900.0)) && main.get("corner") == Some(&corner);
            ensure!(there, "there is {main}");
            Ok(Some(()))
        })
        .await?;
        app.close().await?;
        app.open().await?;
        let window = app.window_is_shown().await?;
        ensure!(window.place == wanted, "it is at {:?}", window.place);
        app.close().await?;

        // On a screen that is gone it is not put.
        let far =
            r#"{"main":{"width":900.0,"height":600.0,"corner":[5000.0,90.0],"maximized":false}}"#;
        fs::write(&file, far)?;
        app.open().await?;
        let (left, top, width, height) = app.window_is_shown().await?.place;
        ensure!((width, height) == (900, 600));
        ensure!(
            (0..380).contains(&left) && (0..200).contains(&top),
            "at {left}, {top}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_conversation_has_a_window_of_its_own() -> Result<()> {
    scenario("pop-out", async |world| {
        let server = world.server().await?;
        let (alices, _bobs) = world.friends(&server).await?;
        let popped = pops_out(&alices).await?;
        // Closing it closes it, and nothing else.
        alices.closes_window(&popped)?;
        until("one window less", async || {
            let windows = alices.windows()?;
            let mut stay = windows.iter().filter(|one| one.visible);
            Ok((!stay.any(|one| one.title == popped.title)).then_some(()))
        })
        .await?;
        alices.see(&id("chat-title")).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn one_talks_in_a_window_of_a_conversation() -> Result<()> {
    scenario("pop-out-talk", async |world| {
        let reader = world.reader().await?;
        let server = world.server().await?;
        let (alices, bobs) = world.friends(&server).await?;
        bobs.opens_chat_with(Person::alice()).await?;
        bobs.says("before the window").await?;
        let popped = pops_out(&alices).await?;
        // It shows what was said and nothing else, and one can write there.
        let said = |words: &'static str| {
            move |page: &Part| {
                ensure!(page.words().contains(words), "{page:?}");
                ensure!(page.find("landmark", "Main navigation").is_err());
                page.find("entry", "Write to").map(|_| ())
            }
        };
        reader
            .hears(
                "what was said before",
                &popped.title,
                said("before the window"),
            )
            .await?;
        bobs.says("into the window").await?;
        reader
            .hears("what is said now", &popped.title, said("into the window"))
            .await?;
        alices.types_into(&popped, "from the window").await?;
        bobs.shows("from the window", &[]).await?;
        alices.photograph("pop-out", &popped)
    })
    .await
}

/// Has Alice's app open the chat with Bob in a window of its own, and returns that.
async fn pops_out(alices: &App<'_>) -> Result<Frame> {
    alices.opens_chat_with(Person::bob()).await?;
    let number = alices.conversation().await?;
    // Asked for twice, it is one window.
    for _ in 0..2 {
        let arguments = json!({ "conversationId": number });
        alices.call("pop_out", arguments).await?;
    }
    let title = format!("{} – alice", Person::bob().nickname);
    until("the conversation's window", async || {
        let windows = alices.windows()?;
        let of_bob: Vec<_> = windows.iter().filter(|one| one.title == title).collect();
        ensure!(of_bob.len() <= 1, "there are {windows:?}");
        let mut of_bob = of_bob.into_iter().filter(|one| one.visible);
        Ok(of_bob.next().cloned())
    })
    .await
}

#[tokio::test]
async fn keys_from_anywhere_show_the_window_and_conflicts_are_said() -> Result<()> {
    scenario("shortcut", async |world| {
        let tray = world.tray().await?;
        let app = world.app_with("alice", &["--hidden"]).await?;
        app.window_is_hidden().await?;
        let taken = app.others_take_ctrl("F9")?;
        let with = |keys: Value| json!({ "shortcut": keys });
        let refused = change_settings(&app, with(json!("Ctrl+F9"))).await?;
        ensure!(refused["code"] == "shortcut_taken", "{refused}");
        drop(taken);

        let stored = change_settings(&app, with(json!("Ctrl+Alt+M"))).await?;
        ensure!(stored["shortcut"] == "Ctrl+Alt+M", "{stored}");
        app.presses(&["Control_L", "Alt_L"], "m")?;
        app.window_is_shown().await?;
        drop(tray);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn it_starts_at_login_as_chosen() -> Result<()> {
    scenario("autostart", async |world| {
        let app = world.app("alice").await?;
        let file = app.home().join("config/autostart/Magpie-alice.desktop");
        let chosen = json!({ "start_at_login": true, "start_hidden": true });
        let stored = change_settings(&app, chosen).await?;
        ensure!(stored["start_at_login"] == true, "{stored}");
        let entry = fs::read_to_string(&file)?;
        let line = entry.lines().find(|line| line.starts_with("Exec="));
        let line = line.context("there is nothing to start")?;
        ensure!(
            line.ends_with(r#""--profile" "alice" "--hidden""#),
            "{line}"
        );
        change_settings(&app, json!({ "start_at_login": false })).await?;
        ensure!(!file.exists());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn safe_graphics_are_the_plainest_and_draw() -> Result<()> {
    scenario("graphics", async |world| {
        let app = world.app_with("alice", &["--safe-graphics"]).await?;
        app.see(&id("view-server")).await?;
        for name in [
            "WEBKIT_DISABLE_COMPOSITING_MODE",
            "WEBKIT_DISABLE_DMABUF_RENDERER",
            "LIBGL_ALWAYS_SOFTWARE",
        ] {
            ensure!(app.variable(name)?.as_deref() == Some("1"), "{name}");
        }
        app.picture("safe-graphics").await
    })
    .await
}

#[tokio::test]
async fn waking_up_and_a_network_reconnect_at_once() -> Result<()> {
    scenario("power", async |world| {
        let mut server = world.server().await?;
        let app = world.app("alice").await?;
        app.registers(Person::alice(), &server).await?;
        server.kill()?;
        app.see(&format!("{}[data-state=\"offline\"]", id("link-line")))
            .await?;
        // In the server's place stands somebody who counts who comes.
        let address = server.address().replace("http://", "");
        let door = TcpListener::bind(&address).await?;
        for (service, path, interface, signal, waking) in [
            (
                "org.freedesktop.NetworkManager",
                "/org/freedesktop/NetworkManager",
                "org.freedesktop.NetworkManager",
                "StateChanged",
                false,
            ),
            (
                "org.freedesktop.login1",
                "/org/freedesktop/login1",
                "org.freedesktop.login1.Manager",
                "PrepareForSleep",
                true,
            ),
        ] {
            long_pause(&door).await?;
            match waking {
                true => {
                    world
                        .system_says(service, path, interface, signal, &false)
                        .await?;
                }
                false => {
                    world
                        .system_says(service, path, interface, signal, &70_u32)
                        .await?;
                }
            }
            timeout(Duration::from_secs(2), door.accept())
                .await
                .with_context(|| format!("nobody came after {signal}"))??;
        }
        Ok(())
    })
    .await
}

/// Waits until the app waits for at least ten seconds between two tries, and one of them was just
/// made.
async fn long_pause(door: &TcpListener) -> Result<()> {
    let mut last = Instant::now();
    loop {
        let (stream, _) = door.accept().await?;
        drop(stream);
        // A try may be more than one connection.
        while let Ok(one) = timeout(Duration::from_secs(1), door.accept()).await {
            drop(one?);
        }
        let pause = last.elapsed();
        last = Instant::now();
        if pause > Duration::from_secs(10) {
            return Ok(());
        }
    }
}

async fn change_settings(app: &App<'_>, changes: Value) -> Result<Value> {
    let state = app.call("app_state", json!({})).await?;
    let mut settings = state.get("settings").cloned().unwrap_or_default();
    let (Some(all), Some(some)) = (settings.as_object_mut(), changes.as_object()) else {
        anyhow::bail!("{state} has no settings");
    };
    all.extend(some.clone());
    app.call("set_settings", json!({ "settings": settings }))
        .await
}
