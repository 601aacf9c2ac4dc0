//! What the operator does to people, with a server running and without one.

use std::time::Duration;

use futures_util::StreamExt as _;
use magpie_protocol::{
    ErrorCode,
    accounts::{Platform, Register},
    frames::SUBPROTOCOL,
    routes,
    sessions::{NewDevice, PasswordDigest, Refresh, SignIn, SignedIn},
};
use md5::{Digest as _, Md5};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{client_async, tungstenite::client::IntoClientRequest as _};

use crate::{
    api::Api,
    program::{Place, Running, said},
};

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

fn device() -> NewDevice {
    NewDevice {
        name: "laptop".into(),
        platform: Platform::Linux,
    }
}

fn digest(password: &str) -> PasswordDigest {
    PasswordDigest::from_md5(Md5::digest(format!("magpie:{password}")).into())
}

async fn register(api: &Api, name: &str) -> SignedIn {
    let request = Register {
        invitation: None,
        username: name.into(),
        nickname: format!("{name} \u{559c}\u{9e4a}"),
        email: Some(format!("{name}@example.org")),
        password: digest("first password"),
        device: device(),
    };
    api.post(routes::ACCOUNTS, &request).await.ok()
}

fn sign_in(name: &str, password: &str) -> SignIn {
    SignIn {
        login: name.into(),
        password: digest(password),
        device: device(),
    }
}

/// Waits until the running server refuses the session's access token.
async fn ended(api: &Api) {
    let waiting = async {
        loop {
            let reply = api.get(routes::ACCOUNT).await;
            if reply.status != 200 {
                assert_eq!(reply.refused(), ErrorCode::SessionEnded);
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, waiting)
        .await
        .expect("the session goes on");
}

fn open(running: &Running) -> Api {
    Api::at(&format!("http://{}", running.address))
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once_and_in_again_when_enabled() {
    let place = Place::new();
    let running = place.serve(&[]);
    let nobody = open(&running);
    let (alice, bob) = (
        register(&nobody, "alice").await,
        register(&nobody, "bob").await,
    );
    let (as_alice, as_bob) = (nobody.signed_in(&alice), nobody.signed_in(&bob));

    let url = format!("ws://{}{}", running.address, routes::SOCKET);
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {}", alice.tokens.access_token.expose());
    let headers = request.headers_mut();
    headers.insert("authorization", bearer.parse().unwrap());
    headers.insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
    let connection = TcpStream::connect(running.address).await.unwrap();
    let (mut socket, _) = client_async(request, connection).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());

    let answer: Value = place.json(&["admin", "users", "disable", "alice"]);
    assert_eq!(answer["sessions_ended"], 1);
    ended(&as_alice).await;
    let bye = timeout(PATIENCE, async {
        while let Some(Ok(frame)) = socket.next().await {
            if frame.to_text().is_ok_and(|text| text.contains("\"bye\"")) {
                return frame.to_text().unwrap().to_owned();
            }
        }
        String::new()
    });
    assert!(
        bye.await
            .expect("the socket stays open")
            .contains("session_ended")
    );
    let refresh = Refresh {
        refresh_token: alice.tokens.refresh_token.clone(),
    };
    let refused = nobody.post(routes::REFRESH, &refresh).await;
    assert_eq!(refused.refused(), ErrorCode::SessionEnded);

    let refused = nobody
        .post(routes::SESSIONS, &sign_in("alice", "first password"))
        .await;
    assert_eq!(refused.refused(), ErrorCode::AccountDisabled);
    let refused = nobody
        .post(routes::SESSIONS, &sign_in("alice", "another"))
        .await;
    assert_eq!(
        refused.refused(),
        ErrorCode::WrongCredentials,
        "it tells strangers"
    );
    // Others still see her, and are not touched.
    assert_eq!(
        as_bob
            .get(&routes::user(alice.account.user.id))
            .await
            .status,
        200
    );

    let listed = place.text(&["admin", "users", "list", "--disabled"]);
    assert!(
        listed.contains("alice") && !listed.contains("bob"),
        "{listed}"
    );
    place.text(&["admin", "users", "enable", "alice@example.org"]);
    let again = nobody
        .post(routes::SESSIONS, &sign_in("alice", "first password"))
        .await;
    let again: SignedIn = again.ok();
    assert_eq!(
        nobody.signed_in(&again).get(routes::ACCOUNT).await.status,
        200
    );
}

#[tokio::test]
async fn a_new_password_is_good_and_the_old_sessions_are_not() {
    let place = Place::new();
    let running = place.serve(&[]);
    let nobody = open(&running);
    let alice = register(&nobody, "alice").await;
    let number = alice.account.user.id.to_string();

    let answer: Value = place.json(&["admin", "users", "reset-password", &number]);
    let password = answer["password"].as_str().unwrap();
    ended(&nobody.signed_in(&alice)).await;
    let refused = nobody
        .post(routes::SESSIONS, &sign_in("alice", "first password"))
        .await;
    assert_eq!(refused.refused(), ErrorCode::WrongCredentials);
    let _: SignedIn = nobody
        .post(routes::SESSIONS, &sign_in("alice", password))
        .await
        .ok();

    let args = [
        "admin",
        "users",
        "reset-password",
        "alice",
        "--password-stdin",
    ];
    let output = place.run_with(&args, "a password of mine\nmore\n");
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert!(!said(&output.stdout).contains("of mine"));
    let request = sign_in("alice", "a password of mine");
    let _: SignedIn = nobody.post(routes::SESSIONS, &request).await.ok();
    let output = place.run_with(&args, "short\n");
    assert!(
        said(&output.stderr).contains("8 to 128"),
        "{}",
        said(&output.stderr)
    );
}

#[tokio::test]
async fn one_session_ends_and_the_other_goes_on() {
    let place = Place::new();
    let running = place.serve(&[]);
    let nobody = open(&running);
    let first = register(&nobody, "alice").await;
    let second = nobody
        .post(routes::SESSIONS, &sign_in("alice", "first password"))
        .await;
    let second: SignedIn = second.ok();
    let device = first.device.id.to_string();
    let end = [
        "admin",
        "users",
        "end-sessions",
        "alice",
        "--device",
        &device,
    ];
    place.text(&end);
    ended(&nobody.signed_in(&first)).await;
    assert_eq!(
        nobody.signed_in(&second).get(routes::ACCOUNT).await.status,
        200
    );
    assert!(place.refused(&end).contains("no device"), "ended twice");
    place.text(&["admin", "users", "end-sessions", "alice"]);
    ended(&nobody.signed_in(&second)).await;

    let shown: Value = place.json(&["admin", "users", "show", "alice"]);
    assert_eq!(shown["devices"], 0);
    assert_eq!(shown["signed_in"], serde_json::json!([]));
}

#[tokio::test]
async fn everything_works_without_a_server_too() {
    let place = Place::new();
    let refused = place.refused(&["admin", "users", "list"]);
    assert!(refused.contains("there is no database"), "{refused}");
    assert!(!place.folder().exists(), "a typing error makes a folder");
    let alice = {
        let running = place.serve(&[]);
        register(&open(&running), "alice").await
    };
    let listed = place.text(&["admin", "users", "list"]);
    assert!(listed.contains("alice \u{559c}\u{9e4a}"), "{listed}");
    place.text(&["admin", "users", "disable", "alice"]);
    let none = place.refused(&["admin", "users", "disable", "nobody"]);
    assert!(none.contains("there is no user"), "{none}");

    let running = place.serve(&[]);
    let api = open(&running);
    let reply = api.signed_in(&alice).get(routes::ACCOUNT).await;
    assert_eq!(reply.refused(), ErrorCode::SessionEnded);
}

/// What a running server has in its memory, such as the place of the next message, is not upset by
/// a command that writes beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_writing_while_commands_do() {
    let place = Place::new();
    let running = place.serve(&[]);
    let nobody = open(&running);
    let alice = register(&nobody, "alice").await;
    register(&nobody, "bob").await;
    let as_alice = nobody.signed_in(&alice);
    let commands = std::thread::scope(|scope| {
        let commands = scope.spawn(|| {
            for _ in 0..5 {
                place.text(&["admin", "users", "end-sessions", "bob"]);
                place.text(&["admin", "invitations", "create"]);
            }
        });
        let writes = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let mut writes = 0;
                while !commands.is_finished() {
                    let change = serde_json::json!({"signature": format!("{writes}")});
                    let reply = as_alice.patch(routes::ACCOUNT, &change).await;
                    // Only the pace of writing may be refused.
                    if reply.status != 200 {
                        assert_eq!(reply.refused(), ErrorCode::RateLimited);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    writes += 1;
                }
                writes
            })
        });
        commands.join().unwrap();
        writes
    });
    assert!(commands > 0);
    assert_eq!(as_alice.get(routes::ACCOUNT).await.status, 200);
}
