//! Who is there is known while there is a link, and of friends only.

use magpie_core::{
    CoreEvent,
    protocol::{
        Timestamp,
        frames::{Presence, ServerFrame},
    },
    socket::LinkState,
};

use crate::{
    client::Client,
    fake::{Fake, peer},
};

const HERE: fn() -> Presence = || Presence {
    user_id: peer(),
    online: true,
    last_seen_at: None,
};

fn say(fake: &Fake, presence: Presence) {
    let users = vec![presence];
    fake.with(|model| model.push(&ServerFrame::Presence { users }));
}

async fn until_known(client: &Client, wanted: &[Presence]) {
    client
        .until("presence", || async { client.core.presence() == wanted })
        .await;
}

#[tokio::test]
async fn who_is_there_is_known_as_long_as_the_link_holds() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let mut events = client.core.events();
    assert_eq!(client.core.presence(), []);
    let gone = Presence {
        online: false,
        last_seen_at: Some(Timestamp(7)),
        ..HERE()
    };
    for presence in [HERE(), gone, HERE()] {
        say(&fake, presence);
        until_known(&client, &[presence]).await;
    }
    fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    client
        .until_link(|link| matches!(link, LinkState::Offline { .. }))
        .await;
    assert_eq!(client.core.presence(), [], "not known, which is not gone");
    fake.with(|model| model.refuse_sockets = false);
    client.core.reconnect();
    client.until_link(|link| link == LinkState::Online).await;
    assert_eq!(client.core.presence(), []);
    say(&fake, HERE());
    until_known(&client, &[HERE()]).await;
    client.core.close().await;

    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        if let CoreEvent::Presence { whole, people } = event {
            told.push((whole, people));
        }
    }
    let expected = [
        (false, vec![HERE()]),
        (false, vec![gone]),
        (false, vec![HERE()]),
        (true, vec![]),
        (false, vec![HERE()]),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn of_somebody_who_is_no_friend_any_more_nothing_is_known() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    say(&fake, HERE());
    until_known(&client, &[HERE()]).await;
    fake.with(|model| model.unfriend());
    until_known(&client, &[]).await;
}
