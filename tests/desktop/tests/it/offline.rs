//! Without a server, without a warning, and back.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{App, Person, id, scenario};

#[tokio::test]
async fn what_is_written_offline_survives_a_kill_and_arrives_once() -> Result<()> {
    scenario("offline", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let mut server = world.server().await?;
        let (mut alices, bobs) = world.friends(&server).await?;
        alices.opens_chat_with(bob).await?;
        bobs.opens_chat_with(alice).await?;
        bobs.says("before the storm").await?;
        alices.shows("before the storm", &[]).await?;

        server.kill()?;
        alices.see(&id("link-line")).await?;
        for number in 1..=3 {
            alices.says(&format!("from the island {number}")).await?;
            alices
                .shows(&format!("from the island {number}"), &["sending"])
                .await?;
        }

        // Killed, and opened without a server: no password is asked for, and everything is there.
        alices.kill().await?;
        alices.open().await?;
        alices.see(&id("view-chats")).await?;
        alices.opens_chat_with(bob).await?;
        alices.shows("before the storm", &[]).await?;
        for number in 1..=3 {
            alices
                .shows(&format!("from the island {number}"), &["sending"])
                .await?;
        }

        server.start_again().await?;
        for number in 1..=3 {
            alices
                .shows(&format!("from the island {number}"), &["delivered", "read"])
                .await?;
            bobs.shows(&format!("from the island {number}"), &[])
                .await?;
        }
        alices.miss(&id("link-line")).await?;
        for app in [&alices, &bobs] {
            came_once_and_in_order(app).await?;
        }
        Ok(())
    })
    .await
}

async fn came_once_and_in_order(app: &App<'_>) -> Result<()> {
    let texts: Vec<String> = app
        .messages()
        .await?
        .into_iter()
        .map(|message| message.text)
        .filter(|text| text.contains("from the island"))
        .collect();
    let good = texts.len() == 3
        && texts
            .iter()
            .zip(1..)
            .all(|(text, number)| text.contains(&format!("from the island {number}")));
    ensure!(good, "{} shows {texts:?}", app.name());
    Ok(())
}

#[tokio::test]
async fn the_app_opens_without_a_password_after_a_restart() -> Result<()> {
    scenario("restart", async |world| {
        let alice = Person::alice();
        let server = world.server().await?;
        let mut alices = world.app("alice").await?;
        alices.registers(alice, &server).await?;
        alices.close().await?;
        alices.open().await?;
        alices.see(&id("view-chats")).await?;
        alices.miss(&id("field-password")).await
    })
    .await
}
