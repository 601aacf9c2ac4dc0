//! Choosing a server and signing in, when it does not go well.

use anyhow::Result;
use magpie_tests_desktop::{Person, id, scenario};

/// What is wrong with a field is said below it, and read aloud.
const ALERT: &str = "[role=\"alert\"]";

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_said_in_words() -> Result<()> {
    scenario("unreachable", async |world| {
        let mut server = world.server().await?;
        server.kill()?;
        let app = world.app("alice").await?;
        app.enters_address(&server.address()).await?;
        let words = app.reads(ALERT, |text| text.len() > 10).await?;
        says_it_to_a_person(&words);

        app.enters_address("not an address").await?;
        let others = app
            .reads(ALERT, |text| text.len() > 10 && text != words)
            .await?;
        says_it_to_a_person(&others);

        // The same field, once the server is there.
        server.start_again().await?;
        app.chooses(&server).await?;
        app.turns_to("sign-in").await
    })
    .await
}

#[tokio::test]
async fn a_wrong_password_is_said_in_words_and_the_right_one_opens_the_list() -> Result<()> {
    scenario("password", async |world| {
        let alice = Person::alice();
        let server = world.server().await?;
        let first = world.app("alice").await?;
        first.registers(alice, &server).await?;

        let second = world.app("second").await?;
        second.chooses(&server).await?;
        second.turns_to("sign-in").await?;
        second.fills(&id("field-login"), alice.username).await?;
        second
            .fills(&id("field-password"), "not the password")
            .await?;
        second.click(&id("submit")).await?;
        let words = second
            .reads(&id("form-error"), |text| text.len() > 10)
            .await?;
        says_it_to_a_person(&words);

        second.fills(&id("field-password"), alice.password).await?;
        second.click(&id("submit")).await?;
        second.see(&id("view-chats")).await?;
        Ok(())
    })
    .await
}

/// Codes have underscores and numbers; sentences have spaces.
fn says_it_to_a_person(words: &str) {
    assert!(words.contains(' '), "{words:?} is not a sentence");
    assert!(!words.contains('_'), "{words:?} names a code");
}
