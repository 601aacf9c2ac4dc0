//! The app without a mouse: every view by keys that are pressed on the display. The focus is always
//! somewhere, can be seen, and comes back from where it was taken.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{Keyboard, Person, id, scenario, until};

#[tokio::test]
async fn the_way_in_needs_no_mouse() -> Result<()> {
    scenario("keys-in", async |world| {
        let alice = Person::alice();
        let server = world.server().await?;
        let app = world.app("alice").await?;
        app.see(&id("view-server")).await?;
        let keys = app.keyboard().await?;

        // Arrows choose, Tab goes on, Enter takes.
        keys.goes_round().await?;
        keys.tabs_to("server-this-computer").await?;
        keys.moves_to("Down", "server-other").await?;
        keys.tabs_to("server-address").await?;
        keys.types(&server.address()).await?;
        keys.press("Enter").await?;
        app.see(&id("view-register")).await?;
        keys.focus().await?;

        keys.goes_round().await?;
        for (field, text) in [
            ("field-username", alice.username),
            ("field-nickname", alice.nickname),
            ("field-password", alice.password),
            ("field-password-repeat", alice.password),
        ] {
            if keys.focus().await?.test_id != field {
                keys.tabs_to(field).await?;
            }
            keys.types(text).await?;
        }
        keys.press("Enter").await?;
        app.see(&id("begin")).await?;
        keys.tabs_to("begin").await?;
        keys.press("Enter").await?;
        app.see(&id("view-chats")).await?;
        keys.focus().await?;
        keys.goes_round().await?;

        // Out again, which is asked about first. Escape is no, and the focus is where it was.
        keys.chord(&["Control_L"], ",").await?;
        app.see(&id("view-settings")).await?;
        keys.tabs_to("sign-out").await?;
        keys.press("Enter").await?;
        app.see(&id("confirm")).await?;
        is_held(&keys).await?;
        ensure!(keys.press("Escape").await?.test_id == "sign-out");
        app.miss(&id("confirm")).await?;
        keys.press("Enter").await?;
        app.see(&id("confirm")).await?;
        keys.tabs_to("confirm").await?;
        keys.press("Enter").await?;
        app.see(&id("view-sign-in")).await?;
        keys.focus().await?;
        keys.goes_round().await?;
        if keys.focus().await?.test_id != "field-password" {
            keys.tabs_to("field-password").await?;
        }
        keys.types(alice.password).await?;
        keys.press("Enter").await?;
        app.see(&id("view-chats")).await?;
        keys.focus().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn people_and_chats_need_no_mouse() -> Result<()> {
    scenario("keys-chats", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let server = world.server().await?;
        let alices = world.app("alice").await?;
        let bobs = world.app("bob").await?;
        alices.registers(alice, &server).await?;
        bobs.registers(bob, &server).await?;
        let keys = alices.keyboard().await?;

        // Somebody is looked for and asked.
        keys.chord(&["Control_L"], "2").await?;
        alices.see(&id("view-contacts")).await?;
        keys.tabs_to("contacts-search").await?;
        keys.press("Enter").await?;
        keys.tabs_to("people-search").await?;
        keys.types(bob.username).await?;
        alices.see(&id("person-result")).await?;
        keys.tabs_to("person-add").await?;
        keys.press("Enter").await?;
        alices.see(&id("request-message")).await?;
        is_held(&keys).await?;
        keys.tabs_to("request-message").await?;
        keys.types("Hello").await?;
        keys.tabs_to("request-send").await?;
        keys.press("Enter").await?;
        alices.miss(&id("request-send")).await?;
        keys.focus().await?;
        bobs.accepts(alice).await?;
        for section in ["contacts-requests", "contacts-blocked"] {
            keys.tabs_to(section).await?;
            keys.press("Enter").await?;
            keys.goes_round().await?;
        }

        // A friend's card, and the menu on it.
        alices.see(&id("friend-item")).await?;
        keys.tabs_to("friend-item").await?;
        keys.press("Enter").await?;
        alices.see(&id("profile-card")).await?;
        keys.goes_round().await?;
        keys.tabs_to("profile-menu").await?;
        keys.press("Enter").await?;
        alices.see("[role=menu]").await?;
        ensure!(keys.press("Down").await?.dialog == "menu");
        ensure!(keys.press("Escape").await?.test_id == "profile-menu");
        alices.miss("[role=menu]").await?;

        // The list, the chat, the panes.
        keys.chord(&["Control_L"], "1").await?;
        alices.see(&id("conversation-item")).await?;
        keys.tabs_to("conversation-item").await?;
        keys.press("Enter").await?;
        alices.see(&id("composer")).await?;
        if keys.focus().await?.test_id != "composer" {
            keys.tabs_to("composer").await?;
        }
        keys.types("Good morning, Bob!").await?;
        keys.press("Enter").await?;
        alices.shows("Good morning, Bob!", &["delivered"]).await?;
        keys.goes_round().await?;

        // An emoji, by its name.
        keys.tabs_to("composer-emoji").await?;
        keys.press("Enter").await?;
        alices.see(&id("emoji-item")).await?;
        keys.types("grinning").await?;
        keys.press("Down").await?;
        ensure!(keys.press("Right").await?.test_id == "emoji-item");
        keys.press("Left").await?;
        keys.press("Enter").await?;
        alices
            .reads(&id("composer"), |text| text.contains('😀'))
            .await?;
        ensure!(keys.press("Escape").await?.test_id == "composer");
        alices.miss(&id("emoji-panel")).await?;
        keys.press("Enter").await?;
        alices.shows("😀", &["delivered"]).await?;

        // A message's menu.
        keys.chord(&["Shift_L"], "Tab").await?;
        let message = keys.tabs_back_to("message").await?;
        keys.press("Down").await?;
        let other = until("the message below", async || {
            let focus = keys.focus().await?;
            let moved = focus.test_id == "message" && focus.id != message.id;
            Ok(moved.then_some(focus))
        })
        .await?;
        keys.press("Enter").await?;
        alices.see("[role=menu]").await?;
        ensure!(keys.press("Down").await?.dialog == "menu");
        ensure!(keys.press("Escape").await?.id == other.id);

        // From pane to pane.
        let mut panes = Vec::new();
        for _ in 0..3 {
            panes.push(keys.press("F6").await?.test_id);
        }
        // Each pane remembers where one was in it.
        ensure!(
            panes.iter().any(|one| one.starts_with("rail-")),
            "{panes:?}"
        );
        ensure!(
            panes.iter().any(|one| one == "conversation-item"),
            "{panes:?}"
        );

        // The quick switcher: from anywhere, and back to where one was.
        keys.chord(&["Control_L"], ",").await?;
        alices.see(&id("view-settings")).await?;
        let place = keys.tabs_to("settings-section-about").await?;
        keys.chord(&["Control_L"], "k").await?;
        alices.see(&id("switcher-item")).await?;
        is_held(&keys).await?;
        ensure!(keys.press("Escape").await?.id == place.id);
        alices.miss(&id("switcher")).await?;
        keys.chord(&["Control_L"], "k").await?;
        alices.see(&id("switcher-item")).await?;
        keys.types("zzz").await?;
        alices.miss(&id("switcher-item")).await?;
        for _ in 0..3 {
            keys.press("BackSpace").await?;
        }
        // By the user name, though another is shown.
        keys.types(bob.username).await?;
        alices.see(&id("switcher-item")).await?;
        alices.picture("quick-switcher").await?;
        keys.press("Enter").await?;
        alices
            .reads(&id("chat-title"), |text| text.contains(bob.nickname))
            .await?;
        keys.focus().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn settings_dialogs_and_the_lock_need_no_mouse() -> Result<()> {
    scenario("keys-settings", async |world| {
        let server = world.server().await?;
        let app = world.app("alice").await?;
        app.registers(Person::alice(), &server).await?;
        let keys = app.keyboard().await?;
        keys.chord(&["Control_L"], ",").await?;
        app.see(&id("view-settings")).await?;
        for section in [
            "profile",
            "password",
            "devices",
            "notifications",
            "appearance",
            "chats",
            "window",
            "network",
            "shortcuts",
            "about",
        ] {
            let line = format!("settings-section-{section}");
            if keys.focus().await?.test_id != line {
                keys.tabs_to(&line).await?;
            }
            keys.press("Enter").await?;
            app.see(&format!("{}[aria-current=page]", id(&line)))
                .await?;
            ensure!(keys.focus().await?.test_id == line, "{section}");
            keys.goes_round().await?;
        }

        // A list to choose from opens on what is chosen, and Escape leaves it so.
        keys.tabs_to("settings-section-appearance").await?;
        keys.press("Enter").await?;
        keys.tabs_to("settings-theme").await?;
        keys.press("Enter").await?;
        app.see("[role=listbox]").await?;
        keys.press("Down").await?;
        ensure!(keys.press("Escape").await?.test_id == "settings-theme");
        app.miss("[role=listbox]").await?;
        keys.press("Enter").await?;
        app.see("[role=listbox]").await?;
        keys.moves_to("Down", "Dark").await?;
        keys.press("Enter").await?;
        app.see("html[data-theme=dark]").await?;
        ensure!(keys.focus().await?.test_id == "settings-theme");

        // The list of keys, by keys.
        let place = keys.focus().await?;
        keys.chord(&["Control_L"], "/").await?;
        app.see(&id("shortcut-dialog")).await?;
        is_held(&keys).await?;
        ensure!(keys.press("Escape").await?.id == place.id);
        app.miss(&id("shortcut-dialog")).await?;

        // Closing the window is asked about, and can be left be.
        app.closes_window(&app.window_is_shown().await?)?;
        app.see(&id("close-dialog")).await?;
        is_held(&keys).await?;
        ensure!(keys.press("Escape").await?.id == place.id);
        app.miss(&id("close-dialog")).await?;

        // The lock.
        keys.tabs_to("settings-section-lock").await?;
        keys.press("Enter").await?;
        keys.goes_round().await?;
        for field in ["field-lock", "field-lock-repeat"] {
            keys.tabs_to(field).await?;
            keys.types("2 + 2 = 5").await?;
        }
        keys.press("Enter").await?;
        app.see(&id("lock-now")).await?;
        keys.focus().await?;
        keys.chord(&["Control_L", "Shift_L"], "l").await?;
        app.see(&id("view-lock")).await?;
        ensure!(keys.focus().await?.test_id == "field-passphrase");
        keys.goes_round().await?;
        keys.tabs_to("lock-forgot").await?;
        keys.press("Enter").await?;
        app.see(&id("confirm")).await?;
        is_held(&keys).await?;
        ensure!(keys.press("Escape").await?.test_id == "lock-forgot");
        app.miss(&id("confirm")).await?;
        keys.tabs_to("field-passphrase").await?;
        keys.types("2 + 2 = 5").await?;
        keys.press("Enter").await?;
        app.miss(&id("view-lock")).await?;
        app.see(&id("rail-chats")).await?;
        keys.focus().await?;
        keys.goes_round().await?;
        Ok(())
    })
    .await
}

/// The focus is in the dialog that is open, and Tab does not lead out of it.
async fn is_held(keys: &Keyboard<'_, '_>) -> Result<()> {
    ensure!(keys.focus().await?.dialog == "dialog");
    for place in keys.goes_round().await? {
        ensure!(place.dialog == "dialog", "{}", place.what);
    }
    Ok(())
}
