//! What is written is sent once, in order, whatever comes in between.

use magpie_core::{
    FailureCode,
    protocol::{ErrorBody, ErrorCode, frames::ByeReason},
    socket::LinkState,
    timeline::SendStatus,
};

use crate::{
    client::{Client, numbered},
    fake::{Fake, Reply, bye, chat},
};

fn stored(fake: &Fake) -> Vec<String> {
    fake.with(|model| {
        model
            .messages
            .iter()
            .map(|(_, message)| message.content["text"].as_str().unwrap().to_owned())
            .collect()
    })
}

#[tokio::test]
async fn a_refusal_for_a_moment_keeps_the_order() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    fake.with(|model| {
        for code in [ErrorCode::Unavailable, ErrorCode::Internal] {
            let error = ErrorBody::new(code, "not now");
            model.replies.push_back(Reply::Refuse(error));
        }
    });
    let texts = numbered("text", 1..=20);
    for text in &texts {
        client.core.send_text(chat(), text).await.unwrap();
    }
    client.until_texts(&texts).await;
    client.until("all are sent", || client.sent()).await;
    assert_eq!(stored(&fake), texts);
    assert_eq!(fake.with(|model| model.sends.len()), 22);
}

#[tokio::test]
async fn a_message_refused_for_good_says_why_and_lets_the_next_one_pass() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let error = ErrorBody::new(ErrorCode::NotFriends, "no");
    fake.with(|model| model.replies.push_back(Reply::Refuse(error)));
    let first = client.core.send_text(chat(), "first").await.unwrap();
    client.core.send_text(chat(), "second").await.unwrap();
    client
        .until_texts(&["second".to_owned(), "first".to_owned()])
        .await;
    client
        .until("the refusal is there", || async {
            matches!(&client.messages().await[1].status, SendStatus::Failed { failure }
                if failure.code == FailureCode::Server(ErrorCode::NotFriends))
        })
        .await;
    let line = client.core.conversations().await.unwrap().items[0].clone();
    assert_eq!(line.failed, 1);
    assert_eq!(
        client.core.unsent().await.unwrap(),
        0,
        "it waits for nobody but the user"
    );

    client.core.retry_message(first.id).await.unwrap();
    client.until("it is sent now", || client.sent()).await;
    assert_eq!(stored(&fake), ["second", "first"]);
    let gone = client.core.delete_unsent(first.id).await.unwrap_err();
    assert_eq!(gone.code(), FailureCode::Server(ErrorCode::MessageNotFound));
}

#[tokio::test]
async fn an_answer_that_was_lost_doubles_nothing() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    fake.with(|model| {
        model.replies.push_back(Reply::LoseAnswer);
        model.replies.push_back(Reply::AnswerTwice);
    });
    let texts = numbered("text", 1..=5);
    for text in &texts {
        client.core.send_text(chat(), text).await.unwrap();
    }
    client.until("all are sent", || client.sent()).await;
    client.until_texts(&texts).await;
    assert_eq!(stored(&fake), texts);
    let sends = fake.with(|model| model.sends.clone());
    assert!(sends.len() >= 6, "the first one was sent again");
    assert_eq!(sends[0].id, sends[1].id);
}

#[tokio::test]
async fn what_is_written_offline_survives_a_restart_and_leaves_in_order() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    client
        .until_link(|link| matches!(link, LinkState::Offline { .. }))
        .await;
    let texts = numbered("text", 1..=10);
    for text in &texts {
        client.core.send_text(chat(), text).await.unwrap();
    }
    let gone = client.core.send_text(chat(), "never mind").await.unwrap();
    client.core.delete_unsent(gone.id).await.unwrap();
    client.restart().await;
    assert_eq!(client.texts().await, texts);
    let sending = client.messages().await;
    assert!(sending.iter().all(|m| m.status == SendStatus::Sending));
    assert_eq!(client.core.unsent().await.unwrap(), 10);
    assert!(fake.with(|model| model.sends.is_empty()));
    fake.with(|model| model.refuse_sockets = false);
    client.core.reconnect();
    client.until("all are sent", || client.sent()).await;
    assert_eq!(stored(&fake), texts);
    assert_eq!(client.texts().await, texts);
    assert_eq!(client.core.unsent().await.unwrap(), 0);
}

#[tokio::test]
async fn sockets_that_break_all_the_time_lose_and_double_nothing() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let texts = numbered("text", 1..=40);
    for (index, text) in texts.iter().enumerate() {
        client.core.send_text(chat(), text).await.unwrap();
        if index % 8 == 3 {
            fake.with(|model| {
                model.replies.push_back(Reply::LoseAnswer);
            });
        }
        if index % 8 == 7 {
            fake.with(|model| {
                model.push(&bye(ByeReason::ShuttingDown));
                model.lose_sockets();
            });
            client.core.reconnect();
        }
    }
    client
        .until("all are sent", || async {
            client.core.reconnect();
            client.sent().await
        })
        .await;
    assert_eq!(stored(&fake), texts);
    assert_eq!(client.texts().await, texts);
}
