//! The socket goes to the node that the server names, and to the server where that is no good.

use magpie_core::{protocol::frames::ByeReason, socket::LinkState};
use serde_json::{Value, json};

use crate::{
    client::Client,
    fake::{Fake, bye},
};

fn name(fake: &Fake, address: &str) {
    fake.with(|model| model.gateway = Some(json!({ "socket": address })));
}

async fn until_socket(client: &Client, fake: &Fake, count: usize) {
    client
        .until("a socket", || async {
            fake.sockets_asked() == count && client.core.link() == LinkState::Online
        })
        .await;
}

#[tokio::test]
async fn the_socket_goes_to_the_node_that_is_named() {
    let (server, node) = (Fake::start().await, Fake::start().await);
    name(&server, &node.socket_url());
    let client = Client::online(&server).await;
    assert_eq!((server.sockets_asked(), node.sockets_asked()), (0, 1));
    client.core.close().await;
}

#[tokio::test]
async fn a_node_that_says_goodbye_is_left_for_another() {
    let (server, first, second) = (
        Fake::start().await,
        Fake::start().await,
        Fake::start().await,
    );
    name(&server, &first.socket_url());
    let client = Client::online(&server).await;
    // The server names it for a while longer.
    first.with(|model| model.push(&bye(ByeReason::ShuttingDown)));
    until_socket(&client, &server, 1).await;
    name(&server, &second.socket_url());
    server.with(|model| model.lose_sockets());
    until_socket(&client, &second, 1).await;
    assert_eq!((server.sockets_asked(), first.sockets_asked()), (1, 1));
}

#[tokio::test]
async fn a_dead_node_is_not_stuck_to() {
    let (server, node) = (Fake::start().await, Fake::start().await);
    name(&server, &node.socket_url());
    node.with(|model| model.refuse_sockets = true);
    let client = Client::online(&server).await;
    assert_eq!((server.sockets_asked(), node.sockets_asked()), (1, 1));
    // It is tried again when the server itself takes no sockets either.
    node.with(|model| model.refuse_sockets = false);
    server.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    until_socket(&client, &node, 2).await;
}

#[tokio::test]
async fn a_gateway_that_does_not_work_stops_nobody() {
    for answer in [
        None,
        Some(Value::Null),
        Some(json!({ "socket": null })),
        Some(json!({ "socket": "https://chat.example" })),
        Some(json!({ "socket": "not an address" })),
    ] {
        let server = Fake::start().await;
        server.with(|model| model.gateway.clone_from(&answer));
        let client = Client::online(&server).await;
        assert_eq!(server.sockets_asked(), 1, "{answer:?}");
        assert!(server.with(|model| model.asked[0] == "gateway"));
        client.core.close().await;
    }
}
