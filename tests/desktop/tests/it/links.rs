//! Links of the app's own, and a second start that brings them.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{App, Person, id, scenario};

#[tokio::test]
async fn a_second_start_hands_its_link_over() -> Result<()> {
    scenario("links", async |world| {
        let bob = Person::bob();
        let server = world.server().await?;
        let (alices, _bobs) = world.friends(&server).await?;
        alices.opens_chat_with(bob).await?;
        let number = alices.conversation().await?;

        // To a conversation, from somewhere else.
        alices.click(&id("rail-contacts")).await?;
        let link = format!("magpie://chat/{number}?server={}", server.address());
        ensure!(alices.starts_again(&[&link]).await?);
        alices
            .reads(&id("chat-title"), |text| text.contains(bob.nickname))
            .await?;

        // What cannot be followed says so, and leaves everything where it is.
        for bad in [
            "magpie://person/0",
            "magpie://chat/12/%3Cscript%3E",
            "magpie:quit",
        ] {
            ensure!(alices.starts_again(&[bad]).await?, "{bad}");
            says(&alices, "no link that Magpie can open").await?;
            alices.see(&id("chat-title")).await?;
        }
        let elsewhere = "magpie://person/4711?server=https://other.example";
        ensure!(alices.starts_again(&[elsewhere]).await?);
        says(&alices, "https://other.example").await?;
        alices.see(&id("chat-title")).await?;

        // An invitation only asks.
        let invitation = "magpie://invite?server=https://other.example&code=ABCD-EFGH";
        ensure!(alices.starts_again(&[invitation]).await?);
        alices.see(&id("invitation-dialog")).await?;
        Ok(())
    })
    .await
}

/// Waits for a line of news, and puts it away.
async fn says(app: &App<'_>, words: &str) -> Result<()> {
    let line = app.finds(&id("toast"), words).await?;
    app.click(&format!("{line} button")).await?;
    app.miss(&line).await
}
