//! Every view in both languages, light and dark: pictures, and whether everybody can use it.

use anyhow::{Context, Result};
use magpie_tests_desktop::{App, Person, id, scenario};

const LANGUAGES: [&str; 2] = ["en", "zh-CN"];
const THEMES: [&str; 2] = ["light", "dark"];

#[tokio::test]
async fn every_view_can_be_used_by_everybody() -> Result<()> {
    scenario("looks", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let server = world.server().await?;
        let alices = world.app("alice").await?;
        let bobs = world.app("bob").await?;

        bobs.see(&id("view-server")).await?;
        look(&bobs, "server").await?;
        bobs.chooses(&server).await?;
        bobs.turns_to("sign-in").await?;
        look(&bobs, "sign-in").await?;
        bobs.turns_to("register").await?;
        look(&bobs, "register").await?;
        bobs.registers_here(bob).await?;
        look(&bobs, "chats-empty").await?;

        alices.registers(alice, &server).await?;
        bobs.asks(alice, "鲍勃 here").await?;
        alices
            .reads(&id("rail-requests"), |text| text.contains('1'))
            .await?;
        alices.turns_contacts_to("requests").await?;
        alices.see(&id("request-item")).await?;
        look(&alices, "contacts-request").await?;
        alices.accepts(bob).await?;
        bobs.opens_chat_with(alice).await?;
        alices.opens_chat_with(bob).await?;
        for (app, text) in [
            (
                &alices,
                "Good morning! Have you read the plan for Saturday?",
            ),
            (&bobs, "早上好！看了，https://magpie.example/plan 很不错。"),
            (&bobs, "Shall we meet at nine, where the plane trees are?"),
            (&alices, "九点太早了吧？十点怎么样？"),
        ] {
            app.says(text).await?;
            alices.shows(text, &[]).await?;
            bobs.shows(text, &[]).await?;
        }
        bobs.commits("好的，十点见 🌳🙂").await?;
        bobs.sends().await?;
        alices.shows("好的，十点见", &[]).await?;
        alices.shows("九点太早了吧？", &["read"]).await?;

        for theme in THEMES {
            for language in LANGUAGES {
                dress(&alices, theme, language).await?;
                let dressed = format!("{theme}-{language}");
                alices.see(&id("view-settings")).await?;
                look(&alices, &format!("settings-{dressed}")).await?;
                alices.click(&id("rail-contacts")).await?;
                alices.see(&id("friend-item")).await?;
                look(&alices, &format!("contacts-{dressed}")).await?;
                alices.click(&id("friend-item")).await?;
                alices.see(&id("profile-card")).await?;
                look(&alices, &format!("profile-{dressed}")).await?;
                alices.opens_chat_with(bob).await?;
                alices.shows("好的，十点见", &[]).await?;
                look(&alices, &format!("chat-{dressed}")).await?;
                alices.click(&id("composer-emoji")).await?;
                alices.see(&id("emoji-item")).await?;
                look(&alices, &format!("emoji-{dressed}")).await?;
                alices.click(&id("composer-emoji")).await?;
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_way_in_can_be_used_by_everybody() -> Result<()> {
    scenario("way-in", async |world| {
        let alice = Person::alice();
        let server = world.server().await?;
        let app = world.app("alice").await?;
        app.registers(alice, &server).await?;
        for theme in THEMES {
            for language in LANGUAGES {
                let dressed = format!("{theme}-{language}");
                dress(&app, theme, language).await?;
                app.click(&id("rail-chats")).await?;
                app.see(&id("view-chats")).await?;
                look(&app, &format!("chats-empty-{dressed}")).await?;
                app.click(&id("rail-settings")).await?;
                app.click(&id("sign-out")).await?;
                app.click(&id("confirm")).await?;
                app.see(&id("view-sign-in")).await?;
                app.see(&id("remembered-account")).await?;
                look(&app, &format!("sign-in-{dressed}")).await?;
                app.click(&id("change-server")).await?;
                app.see(&id("view-server")).await?;
                look(&app, &format!("server-{dressed}")).await?;
                app.chooses(&server).await?;
                app.turns_to("register").await?;
                look(&app, &format!("register-{dressed}")).await?;
                app.turns_to("sign-in").await?;
                app.fills(&id("field-password"), alice.password).await?;
                app.click(&id("submit")).await?;
                app.see(&id("view-chats")).await?;
            }
        }
        Ok(())
    })
    .await
}

async fn look(app: &App<'_>, view: &str) -> Result<()> {
    app.picture(view).await?;
    app.is_accessible(view).await
}

/// Chooses theme and language in the settings, and waits until the page wears them.
pub(crate) async fn dress(app: &App<'_>, theme: &str, language: &str) -> Result<()> {
    app.click(&id("rail-settings")).await?;
    for (setting, value) in [("settings-theme", theme), ("settings-language", language)] {
        app.click(&id(setting)).await?;
        app.click(&format!("[role=option][data-value=\"{value}\"]"))
            .await
            .with_context(|| format!("{setting} has no {value}"))?;
        app.miss("[role=listbox]").await?;
        app.see(&format!("{}[data-value=\"{value}\"]", id(setting)))
            .await?;
    }
    app.see(&format!(
        "html[data-theme=\"{theme}\"][lang=\"{language}\"]"
    ))
    .await?;
    Ok(())
}
