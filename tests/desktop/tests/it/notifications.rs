//! Notifications, as a desktop's daemon is given them.

use anyhow::{Result, ensure};
use magpie_tests_desktop::{Person, Received, id, scenario};

#[tokio::test]
async fn a_message_is_told_of_until_it_is_read() -> Result<()> {
    scenario("notifications", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let notifier = world.notifier().await?;
        let server = world.server().await?;
        let (alices, bobs) = world.friends(&server).await?;
        alices.click(&id("rail-contacts")).await?;
        bobs.opens_chat_with(alice).await?;

        bobs.says("Is <b>Tom</b> & Jerry on?").await?;
        let of_bob =
            |one: &Received, text: &str| one.title.starts_with(bob.nickname) && one.body == text;
        let first = notifier
            .shows("Bob's message", |one| {
                of_bob(one, "Is &lt;b&gt;Tom&lt;/b&gt; &amp; Jerry on?")
            })
            .await?;
        ensure!(first.actions.starts_with(&["default".to_owned()]));
        ensure!(first.hint("desktop-entry") == Some("Magpie"));
        ensure!(first.hint("category") == Some("im.received"));
        ensure!(first.hint("sound-name").is_some());
        let (side, points) = first.picture().unwrap_or_default();
        ensure!(
            side == 96 && points.len() == 96 * 96 * 4,
            "there is no picture"
        );

        // The next one takes its place, and tells how many there are.
        bobs.says("Well?").await?;
        let second = notifier
            .shows("both messages", |one| of_bob(one, "Well?"))
            .await?;
        ensure!(
            second.id == first.id && second.replaced == first.id,
            "{second:?}"
        );
        ensure!(second.title == "鲍勃 (2)", "{}", second.title);

        // A click opens the conversation; what is read is not told of any more.
        notifier.click(second.id).await?;
        alices
            .reads(&id("chat-title"), |text| text.contains(bob.nickname))
            .await?;
        alices.shows("Well?", &[]).await?;
        bobs.shows("Well?", &["read"]).await?;

        // Read on another device, it is taken away here.
        alices.click(&id("rail-contacts")).await?;
        bobs.says("Once more").await?;
        let third = notifier
            .shows("the third message", |one| of_bob(one, "Once more"))
            .await?;
        let other = world.app("alice-at-work").await?;
        other.chooses(&server).await?;
        other.turns_to("sign-in").await?;
        other.fills(&id("field-login"), alice.username).await?;
        other.fills(&id("field-password"), alice.password).await?;
        other.click(&id("submit")).await?;
        other.opens_chat_with(bob).await?;
        other.shows("Once more", &[]).await?;
        notifier.misses(third.id).await
    })
    .await
}

#[tokio::test]
async fn a_reply_can_be_written_into_a_notification() -> Result<()> {
    scenario("reply", async |world| {
        let alice = Person::alice();
        let notifier = world.notifier().await?;
        let server = world.server().await?;
        let (alices, bobs) = world.friends(&server).await?;
        alices.click(&id("rail-contacts")).await?;
        bobs.opens_chat_with(alice).await?;
        bobs.says("Tea?").await?;
        let asked = notifier
            .shows("the question", |one| one.body == "Tea?")
            .await?;
        ensure!(asked.actions.contains(&"inline-reply".to_owned()));
        notifier.reply(asked.id, "Yes, please 🙂").await?;
        bobs.shows("Yes, please 🙂", &[]).await
    })
    .await
}

#[tokio::test]
async fn a_daemon_that_dies_costs_nothing() -> Result<()> {
    scenario("no-daemon", async |world| {
        let alice = Person::alice();
        let notifier = world.notifier().await?;
        let server = world.server().await?;
        let (alices, bobs) = world.friends(&server).await?;
        alices.click(&id("rail-contacts")).await?;
        bobs.opens_chat_with(alice).await?;
        bobs.says("one").await?;
        notifier.shows("one", |one| one.body == "one").await?;
        notifier.dies().await?;
        bobs.says("two").await?;
        alices
            .reads(&id("rail-unread"), |text| text.contains('2'))
            .await?;
        // The next daemon knows nothing of the notification before: there is nothing to replace.
        let notifier = world.notifier().await?;
        bobs.says("three").await?;
        let three = notifier.shows("three", |one| one.body == "three").await?;
        ensure!(three.replaced == 0, "{three:?}");
        Ok(())
    })
    .await
}
