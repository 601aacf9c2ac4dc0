//! Two people find each other and talk.

use anyhow::Result;
use magpie_tests_desktop::{Person, id, scenario};

#[tokio::test]
async fn two_people_become_friends_and_talk() -> Result<()> {
    scenario("friends", async |world| {
        let (alice, bob) = (Person::alice(), Person::bob());
        let server = world.server().await?;
        let alices = world.app("alice").await?;
        let bobs = world.app("bob").await?;
        alices.registers(alice, &server).await?;
        bobs.registers(bob, &server).await?;

        alices.asks(bob, "It is me, 爱丽丝").await?;
        bobs.reads(&id("rail-requests"), |text| text.contains('1'))
            .await?;
        bobs.turns_contacts_to("requests").await?;
        bobs.reads(&id("request-item"), |text| text.contains("爱丽丝"))
            .await?;
        bobs.accepts(alice).await?;
        bobs.miss(&id("request-accept")).await?;

        // Bob looks at nothing, so what Alice types is unread with him.
        alices.opens_chat_with(bob).await?;
        alices.says("你好，鲍勃！ Can you read this?").await?;
        alices.shows("你好，鲍勃！", &["delivered"]).await?;
        bobs.click(&id("rail-chats")).await?;
        bobs.reads(&id("conversation-preview"), |text| {
            text.contains("你好，鲍勃！")
        })
        .await?;
        bobs.reads(&id("conversation-unread"), |text| text.contains('1'))
            .await?;
        bobs.reads(&id("rail-unread"), |text| text.contains('1'))
            .await?;

        // He opens the chat: nothing is unread with him, and she sees that it was read.
        bobs.opens_chat_with(alice).await?;
        bobs.shows("你好，鲍勃！ Can you read this?", &[]).await?;
        bobs.miss(&id("conversation-unread")).await?;
        bobs.miss(&id("rail-unread")).await?;
        alices.shows("你好，鲍勃！", &["read"]).await?;

        // An emoji from the panel lands where the caret is.
        bobs.click(&id("composer")).await?;
        bobs.types(&id("composer"), "看到了 ").await?;
        bobs.picks_emoji("grinning", "😀").await?;
        bobs.sends().await?;
        bobs.shows("看到了 😀", &["delivered", "read"]).await?;
        alices.shows("看到了 😀", &[]).await?;

        // What an input method or the clipboard puts in at once, with emoji of several parts.
        alices.commits("家人 👩‍👩‍👧‍👦 和 👍🏽").await?;
        alices.sends().await?;
        bobs.shows("家人 👩‍👩‍👧‍👦 和 👍🏽", &[]).await?;

        // Both see the same in the same order.
        let words = ["你好，鲍勃！", "看到了", "家人"];
        for app in [&alices, &bobs] {
            let texts: Vec<String> = app
                .messages()
                .await?
                .into_iter()
                .map(|message| message.text)
                .collect();
            let order: Vec<usize> = words
                .iter()
                .flat_map(|word| texts.iter().position(|text| text.contains(word)))
                .collect();
            assert_eq!(order.len(), words.len(), "{}: {texts:?}", app.name());
            assert!(order.is_sorted(), "{}: {texts:?}", app.name());
        }
        Ok(())
    })
    .await
}
