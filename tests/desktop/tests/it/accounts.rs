//! Several accounts at once.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{App, Person, id, scenario};

#[tokio::test]
async fn two_accounts_live_side_by_side() -> Result<()> {
    scenario("accounts", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let home = world.server_called("Home").await?;
        let work = world.server_called("Work").await?;
        let notifier = world.notifier().await?;
        let bobs = world.app("bob").await?;
        // The icon of the app that comes last is the one that is looked at.
        let tray = world.tray().await?;
        let alices = world.app("alice").await?;
        alices.befriends(&bobs, &home).await?;

        // One more account each, on another server; the one before stays signed in.
        alices.adds_account(alice, &work).await?;
        bobs.adds_account(bob, &work).await?;
        alices.asks(bob, "Hello").await?;
        bobs.accepts(alice).await?;
        for app in [&alices, &bobs] {
            app.see(&id("account-switch")).await?;
        }
        tray.has(&["Alice (Work) – online", "Alice (Home) – online"])
            .await?;

        // What comes for the account that is not in view is counted beside it, and the notification
        // says whose it is.
        alices.opens_chat_with(bob).await?;
        switches(&bobs).await?;
        bobs.opens_chat_with(alice).await?;
        bobs.says("from home").await?;
        alices
            .reads(&id("account-unread"), |text| text.trim() == "1")
            .await?;
        tray.says("1 unread message").await?;
        tray.has(&["Alice (Work) – online", "Alice (Home) – online, 1 unread"])
            .await?;
        let told = notifier
            .shows("the message from home", |one| one.body == "from home")
            .await?;
        ensure!(told.title == "鲍勃 → Alice (Home)", "{}", told.title);

        // A click on it shows that account, and the conversation in it.
        notifier.click(told.id).await?;
        alices.shows("from home", &[]).await?;
        alices.miss(&id("account-unread")).await?;
        bobs.shows("from home", &["read"]).await?;
        alices.says("home again").await?;
        bobs.shows("home again", &[]).await?;

        // The other one was not signed out by it: it hears, and is shown by a click on its face.
        switches(&bobs).await?;
        bobs.opens_chat_with(alice).await?;
        bobs.says("from work").await?;
        let told = notifier
            .shows("the message from work", |one| one.body == "from work")
            .await?;
        ensure!(told.title == "鲍勃 → Alice (Work)", "{}", told.title);
        alices
            .reads(&id("account-unread"), |text| text.trim() == "1")
            .await?;
        switches(&alices).await?;
        alices.opens_chat_with(bob).await?;
        alices.shows("from work", &[]).await?;
        ensure!(
            alices
                .messages()
                .await?
                .iter()
                .all(|one| !one.text.contains("home")),
            "the accounts are mixed up"
        );

        // And by its line in the tray.
        tray.choose("Alice (Home) – online").await?;
        alices.opens_chat_with(bob).await?;
        alices.shows("home again", &[]).await?;
        notifier.misses(told.id).await
    })
    .await
}

/// Shows the other account, by its face in the rail.
async fn switches(app: &App<'_>) -> Result<()> {
    let before = app.call("app_state", serde_json::json!({})).await?;
    app.click(&id("account-switch")).await?;
    magpie_tests_desktop::until("another account in view", async || {
        let now = app.call("app_state", serde_json::json!({})).await?;
        Ok((now.get("account_key") != before.get("account_key")).then_some(()))
    })
    .await?;
    app.see(&id("view-chats")).await?;
    Ok(())
}
