//! Links that the system hands to the app, as a browser has them opened.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{Part, Person, scenario, until};

const ALICES: &str = "Magpie – alice";

#[tokio::test]
async fn the_system_opens_links_whether_the_app_runs_or_not() -> Result<()> {
    scenario("handler", async |world| {
        // Nobody drives the app that the system starts; so it is read as a screen reader does.
        let reader = world.reader().await?;
        let bob = Person::bob();
        let server = world.server().await?;
        let (mut alices, bobs) = world.friends(&server).await?;
        alices.opens_chat_with(bob).await?;
        let number = alices.conversation().await?;
        alices.says("Where the link leads").await?;
        bobs.opens_chat_with(Person::alice()).await?;
        bobs.shows("Where the link leads", &[]).await?;
        alices.close().await?;
        alices.is_installed()?;
        until("the last window to go", async || {
            Ok(alices.windows()?.is_empty().then_some(()))
        })
        .await?;

        // It is not running: it starts, and shows what the link names.
        alices.follows(&format!(
            "magpie://chat/{number}?server={}",
            server.address()
        ))?;
        alices.window_is_shown().await?;
        let in_chat = |page: &Part| {
            page.find("landmark", &format!("Chat with {}", bob.nickname))?;
            ensure!(page.words().contains("Where the link leads"), "{page:?}");
            Ok(())
        };
        reader.hears("the chat", ALICES, in_chat).await?;
        let windows = alices.windows()?.len();

        // It runs: it is handed over.
        let person = bobs.call("app_state", serde_json::json!({})).await?;
        let person = person["account"]["user"]["id"].as_u64().unwrap_or_default();
        alices.follows(&format!("magpie://person/{person}"))?;
        reader
            .hears("the card", ALICES, |page| {
                page.find("heading", bob.nickname).map(|_| ())
            })
            .await?;
        // One that means nothing says so, and leaves the view as it is.
        alices.follows("magpie://chat/12/%3Cscript%3E")?;
        reader
            .hears("that it is no link", ALICES, |page| {
                ensure!(page.words().contains("no link that Magpie can open"));
                page.find("heading", bob.nickname).map(|_| ())
            })
            .await?;
        ensure!(
            alices.windows()?.len() == windows,
            "there is one more window"
        );
        until("nobody to have started anew", async || {
            Ok((alices.windows()?.len() == windows).then_some(()))
        })
        .await
    })
    .await
}
