//! Whether friends are there.

use anyhow::Result;
use magpie_tests_desktop::{App, Person, id, scenario};

#[tokio::test]
async fn friends_see_each_other_come_and_go() -> Result<()> {
    scenario("presence", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let mut server = world.server().await?;
        let (alices, mut bobs) = world.friends(&server).await?;

        alices.opens_chat_with(bob).await?;
        is_there(&alices).await?;
        bobs.opens_chat_with(alice).await?;
        is_there(&bobs).await?;

        bobs.close().await?;
        alices
            .reads(&id("chat-presence"), |text| text.starts_with("last seen"))
            .await?;
        alices.miss(&id("online-dot")).await?;

        bobs.open().await?;
        is_there(&alices).await?;
        bobs.opens_chat_with(alice).await?;
        is_there(&bobs).await?;

        // Without a server nobody knows; the line says who it is instead.
        server.kill()?;
        for app in [&alices, &bobs] {
            app.reads(&id("chat-presence"), |text| text.starts_with("No."))
                .await?;
            app.miss(&id("online-dot")).await?;
        }
        server.start_again().await?;
        for app in [&alices, &bobs] {
            is_there(app).await?;
        }
        Ok(())
    })
    .await
}

/// Waits until the friend whose chat is open is shown as online, in the list and above the chat.
async fn is_there(app: &App<'_>) -> Result<()> {
    app.reads(&id("chat-presence"), |text| text == "online")
        .await?;
    app.see(&format!("{} {}", id("conversation-item"), id("online-dot")))
        .await?;
    Ok(())
}
