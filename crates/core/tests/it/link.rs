//! The link comes and goes, and so does the session.

use std::sync::Arc;

use magpie_core::{
    CoreEvent, FailureCode,
    protocol::{ErrorCode, frames::ByeReason},
    socket::LinkState,
};

use crate::{
    client::Client,
    fake::{Fake, bye},
};

#[tokio::test]
async fn the_link_says_since_when_it_is_lost_and_why() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let mut events = client.core.events();
    fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    let mut losses = Vec::new();
    while losses.len() < 3 {
        if let Some(CoreEvent::Link {
            link:
                LinkState::Offline {
                    since,
                    retry_at,
                    reason,
                },
        }) = events.next().await
        {
            losses.push((since, retry_at, reason));
        }
    }
    let since = losses[0].0;
    assert!(losses.iter().all(|(time, ..)| *time == since));
    assert!(losses.windows(2).all(|pair| pair[0].1 < pair[1].1));
    assert_eq!(losses[2].2, FailureCode::Server(ErrorCode::Unavailable));
    fake.with(|model| model.refuse_sockets = false);
    client.core.reconnect();
    client.until_link(|link| link == LinkState::Online).await;
}

#[tokio::test]
async fn fifty_requests_that_meet_an_expired_token_share_one_refresh() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    fake.with(|model| {
        model.expire();
        model.lose_sockets();
    });
    let core = Arc::new(client.core.clone());
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let core = Arc::clone(&core);
            tokio::spawn(async move { core.search_people("hong", None).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap().items.len(), 1);
    }
    client.until_link(|link| link == LinkState::Online).await;
    assert_eq!(fake.with(|model| model.refreshes), 1);
}

#[tokio::test]
async fn an_ended_session_is_said_once_and_what_is_held_stays() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    fake.with(|model| {
        model.peer_says("still here");
    });
    client.until_texts(&["still here".to_owned()]).await;
    let mut events = client.core.events();
    fake.with(|model| {
        model.ended = true;
        model.push(&bye(ByeReason::SessionEnded));
    });
    client.until_link(|link| link == LinkState::SignedOut).await;
    client.core.close().await;
    let mut ends = 0;
    while let Some(event) = events.next().await {
        if let CoreEvent::SignedOut { failure } = event {
            assert_eq!(failure.code, FailureCode::Server(ErrorCode::SessionEnded));
            ends += 1;
        }
    }
    assert_eq!(ends, 1);
}
