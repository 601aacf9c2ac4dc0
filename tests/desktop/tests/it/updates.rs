//! From one version to the next, and what is not taken for one.

use std::fs;

use anyhow::{Context, Result, ensure};
use magpie_tests_desktop::{Announced, App, Makers, Person, announce, as_version, id, scenario};
use serde_json::json;

use crate::looks::dress;

#[tokio::test]
async fn a_newer_version_is_found_waits_for_messages_and_takes_over() -> Result<()> {
    scenario("update", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let makers = Makers::new()?;
        let offered = world.makes_folder("updates")?;
        world.servers_get(&["--updates-dir", &offered.display().to_string()]);
        let mut server = world.server().await?;
        let key = makers.key()?;
        let variables = [
            ("MAGPIE_UPDATE_KEY", key.as_str()),
            ("MAGPIE_UPDATE_AFTER_MS", "200"),
        ];
        let installed = world.installs("alice", &variables)?;
        let mut alices = world.app("alice").await?;
        let bobs = world.app("bob").await?;
        alices.registers(alice, &server).await?;
        bobs.registers(bob, &server).await?;
        bobs.asks(alice, "Hello").await?;
        alices.accepts(bob).await?;
        alices.opens_chat_with(bob).await?;
        bobs.opens_chat_with(alice).await?;
        alices.close().await?;

        let before = fs::read(installed.program())?;
        let next = as_version(before.clone(), "0.2.0");
        let signature = makers.sign(&next, Some("0.2.0"))?;
        announce(
            &offered,
            Announced {
                version: "0.2.0",
                notes: "Search is faster.\n<b>Nothing</b> else.",
                package: &next,
                signature: &signature,
            },
        )?;

        // Found without anybody looking for it.
        alices.open().await?;
        alices.see(&id("rail-update")).await?;
        opens_about(&alices).await?;
        says(&alices, &["0.2.0", "MB"]).await?;
        alices
            .reads(&id("update-notes"), |text| text.contains("<b>Nothing</b>"))
            .await?;

        keeps_what_is_said(&alices).await?;
        alices.click(&id("update-install")).await?;
        says(&alices, &["0.2.0", "was checked"]).await?;
        let steps = fetched_in(&alices).await?;
        ensure!(steps > 3, "progress was shown {steps} times");
        ensure!(fs::read(installed.program())? == before, "it waits");

        // What is written while nobody can be reached has to leave first.
        server.kill()?;
        alices.opens_chat_with(bob).await?;
        alices.says("wait for me").await?;
        alices.shows("wait for me", &["sending"]).await?;
        opens_about(&alices).await?;
        alices.click(&id("update-restart")).await?;
        says(&alices, &["Messages wait to be sent"]).await?;
        ensure!(fs::read(installed.program())? == before, "it still waits");
        server.start_again().await?;
        says(&alices, &["0.2.0", "was checked"]).await?;
        bobs.shows("wait for me", &[]).await?;

        alices.click(&id("update-restart")).await?;
        alices.ends().await?;
        alices.has_started_itself(installed.program()).await?;
        ensure!(
            fs::read(installed.program())? == next,
            "the new version has the place of the old one"
        );
        alices.open().await?;
        alices.see(&id("view-chats")).await?;
        opens_about(&alices).await?;
        alices
            .reads("main", |text| text.contains("0.2.0"))
            .await
            .context("it is not the new version")?;
        alices.click(&id("update-check")).await?;
        says(&alices, &["the newest version"]).await?;
        alices.opens_chat_with(bob).await?;
        alices.shows("wait for me", &["delivered", "read"]).await
    })
    .await
}

#[tokio::test]
async fn what_the_makers_did_not_make_is_refused_with_its_reason() -> Result<()> {
    scenario("update-refused", async |world| {
        let (makers, others) = (Makers::new()?, Makers::new()?);
        let offered = world.makes_folder("updates")?;
        world.servers_get(&["--updates-dir", &offered.display().to_string()]);
        let mut server = world.server().await?;
        let installed = world.installs("alice", &[("MAGPIE_UPDATE_KEY", &makers.key()?)])?;
        let app = world.app("alice").await?;
        app.registers(Person::alice(), &server).await?;

        // Nothing was put there yet.
        opens_about(&app).await?;
        app.click(&id("update-check")).await?;
        says(&app, &["the newest version"]).await?;

        let package = b"\x7fELF, or so it says".repeat(1_000);
        let mut changed = package.clone();
        changed.push(b'!');
        let (_, half) = package.split_at(package.len() / 2);
        let good = |version| makers.sign(&package, Some(version));
        let damaged = "changed on its way, or did not arrive whole";
        let strange = "signature is not that of";
        let not_newer = "not newer than this version";
        let cases = [
            ("0.2.1", changed.as_slice(), good("0.2.1")?, damaged),
            ("0.2.2", half, good("0.2.2")?, damaged),
            (
                "0.2.3",
                &package,
                others.sign(&package, Some("0.2.3"))?,
                strange,
            ),
            ("0.2.4", &package, "no signature".to_owned(), strange),
            // Signed, but not as what it is announced as.
            ("0.2.5", &package, good("0.0.9")?, not_newer),
            ("0.2.6", &package, makers.sign(&package, None)?, strange),
            ("0.2.7", &package, good("0.2.8")?, strange),
        ];
        let before = fs::read(installed.program())?;
        for (number, (version, package, signature, reason)) in cases.iter().enumerate() {
            announce(
                &offered,
                Announced {
                    version,
                    notes: "Search finds words of two characters.\n语音消息可以边写边听。",
                    package,
                    signature,
                },
            )?;
            app.click(&id("update-check")).await?;
            says(&app, &[version]).await?;
            if number == 0 {
                looks(&app).await?;
            }
            app.click(&id("update-install")).await?;
            says(&app, &[reason])
                .await
                .with_context(|| format!("{version} should be refused"))?;
            ensure!(!app.sees(&id("update-restart")).await?, "{version} is kept");
        }

        // Openly older.
        let signature = good("0.0.9")?;
        announce(
            &offered,
            Announced {
                version: "0.0.9",
                notes: "",
                package: &package,
                signature: &signature,
            },
        )?;
        app.click(&id("update-check")).await?;
        says(&app, &[not_newer]).await?;

        server.kill()?;
        app.click(&id("update-check")).await?;
        says(&app, &["cannot be reached"]).await?;
        ensure!(
            fs::read(installed.program())? == before,
            "nothing was installed"
        );
        Ok(())
    })
    .await
}

/// Goes to what is said about the app.
async fn opens_about(app: &App<'_>) -> Result<()> {
    app.click(&id("rail-settings")).await?;
    app.click(&id("settings-section-about")).await?;
    app.see(&id("copy-diagnostics")).await.map(|_| ())
}

/// Waits until updating stands so.
async fn says(app: &App<'_>, words: &[&str]) -> Result<()> {
    let good = |text: &str| words.iter().all(|word| text.contains(word));
    app.reads(&id("update-state"), good).await.map(|_| ())
}

/// Takes pictures of what is said about an update, in both themes and languages.
async fn looks(app: &App<'_>) -> Result<()> {
    for theme in ["dark", "light"] {
        for language in ["zh-CN", "en"] {
            dress(app, theme, language).await?;
            opens_about(app).await?;
            app.see(&id("update-install")).await?;
            app.picture(&format!("update-{theme}-{language}")).await?;
            app.is_accessible("update").await?;
        }
    }
    Ok(())
}

/// Writes down in the page whatever is said about updating from now on.
async fn keeps_what_is_said(app: &App<'_>) -> Result<()> {
    let script = "const place = document.querySelector(arguments[0]).closest('section');
        window.said = [];
        new MutationObserver(() => window.said.push(place.textContent))
            .observe(place, { childList: true, characterData: true, subtree: true });";
    app.script(script, vec![json!(id("update-state"))]).await?;
    Ok(())
}

/// Returns how often something else was said about how much is here.
async fn fetched_in(app: &App<'_>) -> Result<usize> {
    let script = "return new Set(window.said.filter((text) => / of .*MB/.test(text))).size";
    let steps = app.script(script, vec![]).await?;
    let steps = steps.as_u64().context("the page gave no number")?;
    Ok(usize::try_from(steps)?)
}
