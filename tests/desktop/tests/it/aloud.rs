//! What a screen reader hears, in every view and in both languages.

use anyhow::{Context as _, Result, ensure};
use magpie_tests_desktop::{App, Part, Person, Reader, State, id, scenario};

const ALICES: &str = "Magpie – alice";

/// The sections of the settings, by their paths.
const SECTIONS: [&str; 11] = [
    "profile",
    "password",
    "devices",
    "notifications",
    "appearance",
    "chats",
    "window",
    "network",
    "lock",
    "shortcuts",
    "about",
];

#[tokio::test]
async fn every_view_can_be_heard() -> Result<()> {
    scenario("aloud", async |world| {
        let reader = world.reader().await?;
        let server = world.server().await?;
        let alices = world.app("alice").await?;
        let bobs = world.app("bob").await?;

        // The way in.
        alices.see(&id("view-server")).await?;
        let page = hear(&reader, "Choose a server").await?;
        let here = page.find("radio button", "This computer")?;
        ensure!(here.is(State::Checked), "{page:?}");
        let there = page.find("radio button", "A server with an address")?;
        ensure!(!there.is(State::Checked), "{page:?}");
        ensure!(!page.find("toggle button", "Let others")?.is(State::Pressed));
        alices.chooses(&server).await?;
        alices.turns_to("sign-in").await?;
        let page = hear(&reader, "Sign in").await?;
        ensure!(page.find("entry", "")?.is(State::Editable), "{page:?}");
        page.find("password text", "Password")?;
        alices.turns_to("register").await?;
        hear(&reader, "Make an account").await?;
        alices.registers_here(Person::alice()).await?;
        bobs.registers(Person::bob(), &server).await?;
        hear(&reader, "Chats").await?;

        // Friends and requests.
        bobs.asks(Person::alice(), "It is me, Bob").await?;
        alices
            .reads(&id("rail-requests"), |text| text.contains('1'))
            .await?;
        alices.turns_contacts_to("requests").await?;
        let page = hear(&reader, "Contacts").await?;
        page.find("link", "Contacts")?;
        ensure!(page.words().contains("It is me, Bob"), "{page:?}");
        let lists = page.with_role("list");
        ensure!(lists.iter().any(|list| list.parts.len() == 3), "{page:?}");
        alices.accepts(Person::bob()).await?;
        alices.turns_contacts_to("search").await?;
        hear(&reader, "Contacts").await?;
        alices.turns_contacts_to("blocked").await?;
        hear(&reader, "Contacts").await?;
        alices.click(&id("rail-contacts")).await?;
        alices.click(&id("friend-item")).await?;
        alices.see(&id("profile-card")).await?;
        let page = hear(&reader, "Contacts").await?;
        page.find("heading", Person::bob().nickname)?;

        // A chat: who it is with, what was said, and what is said meanwhile.
        bobs.opens_chat_with(Person::alice()).await?;
        alices.opens_chat_with(Person::bob()).await?;
        alices.says("Good morning").await?;
        bobs.shows("Good morning", &[]).await?;
        bobs.says("Morning! Coffee?").await?;
        alices.shows("Morning! Coffee?", &[]).await?;
        reader
            .hears("the new message, by itself", ALICES, |page| {
                let all = page.all().into_iter();
                let mut news = all.filter(|part| {
                    let live = part.attributes.get("live").map(String::as_str);
                    live == Some("polite") && part.text.contains("Coffee?")
                });
                news.next().map(|_| ()).with_context(|| format!("{page:?}"))
            })
            .await?;
        let page = hear(&reader, "Chats").await?;
        let line = page.find("list item", Person::bob().nickname)?;
        ensure!(line.is(State::Selected), "{page:?}");
        ensure!(line.name.contains(", Morning! Coffee?"), "{}", line.name);
        page.find("list box", "Conversations")?;
        page.find("log", "Messages")?;
        page.find("article", "You, ")?;
        page.find("article", Person::bob().nickname)?;
        let field = page.find("entry", "Write to")?;
        ensure!(
            field.is(State::Editable) && field.is(State::Focused),
            "{page:?}"
        );

        reader
            .hears("that it was read", ALICES, |page| {
                page.find("image", "Read").map(|_| ())
            })
            .await?;

        // What opens is named, and was not there before.
        ensure!(page.find("dialog", "Emoji").is_err(), "{page:?}");
        alices.click(&id("composer-emoji")).await?;
        alices.see(&id("emoji-item")).await?;
        reader
            .hears("the open panel", ALICES, |page| {
                let panel = page.find("dialog", "Emoji")?;
                panel.find("button", "grinning face")?;
                ensure!(panel.find("entry", "Search emoji")?.is(State::Focused));
                Ok(())
            })
            .await?;
        alices.click(&id("composer-emoji")).await?;
        alices.miss(&id("emoji-panel")).await?;
        alices.click(&id("chat-menu")).await?;
        reader
            .hears("the menu", ALICES, |page| {
                ensure!(page.with_role("menu item").len() >= 2, "{page:?}");
                Ok(())
            })
            .await?;
        alices
            .script("history.replaceState({}, '')", vec![])
            .await?;
        alices.types("body", "\u{e00c}").await?;
        alices.miss("[role=menu]").await?;

        // Dialogs are named, and hide what they cover.
        alices.click(&id("rail-settings")).await?;
        alices.click(&id("sign-out")).await?;
        alices.see(&id("confirm")).await?;
        reader
            .hears("the question", ALICES, |page| {
                page.find("dialog", "Sign out")?;
                ensure!(page.find("link", "Contacts").is_err(), "{page:?}");
                Ok(())
            })
            .await?;
        alices.types("body", "\u{e00c}").await?;
        alices.miss(&id("confirm")).await?;

        for language in ["en", "zh-CN"] {
            alices.opens_settings("appearance").await?;
            speaks(&alices, language).await?;
            for section in SECTIONS {
                alices.opens_settings(section).await?;
                let (title, field) = match language {
                    "en" => ("Settings", "Chats"),
                    _ => ("设置", "聊天"),
                };
                let page = hear(&reader, title).await?;
                page.find("link", field)?;
                if section == "notifications" {
                    let toggles = page.with_role("toggle button");
                    let on = toggles
                        .iter()
                        .filter(|one| one.is(State::Checked) || one.is(State::Pressed));
                    ensure!(on.count() == 3, "{page:?}");
                }
                if section == "appearance" {
                    ensure!(page.with_role("slider").len() == 2, "{page:?}");
                    ensure!(page.with_role("combo box").len() == 3, "{page:?}");
                }
            }
            alices.opens_chat_with(Person::bob()).await?;
            let page = hear(&reader, if language == "en" { "Chats" } else { "聊天" }).await?;
            page.find(
                "log",
                if language == "en" {
                    "Messages"
                } else {
                    "消息"
                },
            )?;
        }
        Ok(())
    })
    .await
}

/// Chooses a language, as the settings do that are on the screen.
async fn speaks(app: &App<'_>, language: &str) -> Result<()> {
    app.click(&id("settings-language")).await?;
    app.click(&format!("[role=option][data-value=\"{language}\"]"))
        .await?;
    app.see(&format!("html[lang=\"{language}\"]")).await?;
    app.miss("[role=listbox]").await
}

/// Waits until the view of this name has nothing that cannot be heard, and returns it.
async fn hear(reader: &Reader, title: &str) -> Result<Part> {
    reader
        .hears(title, ALICES, |page| {
            page.find("heading", title)?;
            let faults = page.faults();
            ensure!(faults.is_empty(), "{faults:#?}");
            Ok(page.clone())
        })
        .await
}
