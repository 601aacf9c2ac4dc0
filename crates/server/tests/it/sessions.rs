//! Signing in, refreshing, and ending sessions.

use std::time::Duration;

use magpie_protocol::{
    ErrorCode, UserId,
    accounts::Device,
    routes,
    sessions::{SignedIn, Tokens},
};
use magpie_server::testing::{TestServer, password_of};
use serde_json::{Value, json};

use crate::api::{Api, Reply};

fn sign_in(login: &str, name: &str) -> Value {
    json!({
        "login": login, "password": password_of(name),
        "device": {"name": "phone", "platform": "other"},
    })
}

async fn second_device(api: &Api, name: &str) -> (Api, SignedIn) {
    let session: SignedIn = api.post(routes::SESSIONS, &sign_in(name, name)).await.ok();
    (api.signed_in(&session), session)
}

async fn refresh(api: &Api, tokens: &Tokens) -> Reply {
    let body = json!({"refresh_token": tokens.refresh_token});
    api.post(routes::REFRESH, &body).await
}

async fn works(api: &Api, tokens: &Tokens) -> Result<(), ErrorCode> {
    let reply = api
        .with_token(tokens.access_token.expose())
        .get(routes::ACCOUNT)
        .await;
    if reply.status == 200 {
        Ok(())
    } else {
        Err(reply.refused())
    }
}

#[tokio::test]
async fn people_sign_in_by_name_number_and_address() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let registration = json!({
        "username": "alice", "nickname": "Alice", "email": "Alice@Example.com",
        "password": password_of("alice"), "device": {"name": "", "platform": "linux"},
    });
    let first: SignedIn = api.post(routes::ACCOUNTS, &registration).await.ok();
    let number = first.account.user.id.to_string();
    for login in [
        "alice",
        " ALICE ",
        &number,
        "alice@example.com",
        "ALICE@EXAMPLE.COM",
    ] {
        let session: SignedIn = api
            .post(routes::SESSIONS, &sign_in(login, "alice"))
            .await
            .ok();
        assert_eq!(session.account, first.account, "{login}");
        works(&api, &session.tokens).await.unwrap();
    }
}

#[tokio::test]
async fn a_wrong_name_looks_like_a_wrong_password() {
    let server = TestServer::start().await.unwrap();
    let (api, _) = Api::sign_up(&server, "alice").await;
    let wrong_password = api.post(routes::SESSIONS, &sign_in("alice", "eve")).await;
    assert_eq!(wrong_password.refused(), ErrorCode::WrongCredentials);
    let long = "x".repeat(10_000);
    for login in [
        "nobody",
        "99999",
        "a@b.example",
        "",
        "\u{0}",
        "' OR 1=1 --",
        &long,
    ] {
        let reply = api.post(routes::SESSIONS, &sign_in(login, "alice")).await;
        assert_eq!(reply.text, wrong_password.text, "{login}");
        assert_eq!(reply.status, wrong_password.status);
    }
}

#[tokio::test]
async fn sign_ins_that_cannot_be_are_refused() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let mut cases = vec![json!({}), json!(null), json!("alice")];
    for (field, value) in [
        ("login", json!(10_001)),
        ("password", json!("plain")),
        ("device", json!({"name": "a\u{202E}b", "platform": "linux"})),
        ("remember", json!(true)),
    ] {
        let mut body = sign_in("alice", "alice");
        body[field] = value;
        cases.push(body);
    }
    for body in cases {
        let reply = api.post(routes::SESSIONS, &body).await;
        assert_eq!(reply.refused(), ErrorCode::InvalidRequest, "{body}");
    }
}

#[tokio::test]
async fn tries_are_limited_per_account_and_per_address() {
    let server = TestServer::start_with(|config| {
        config.tries_per_account_and_hour = 3;
        config.sign_ins_per_address_and_hour = 9;
    })
    .await
    .unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let attempt = async |login: &str, password: &str| {
        let body = sign_in(login, password);
        api.post(routes::SESSIONS, &body).await
    };
    // A number has one spelling, so that no other gives more tries.
    let number = format!("00{}", session.account.user.id);
    assert_eq!(
        attempt(&number, "alice").await.refused(),
        ErrorCode::WrongCredentials
    );
    for login in ["alice", "Alice", "ALICE"] {
        assert_eq!(
            attempt(login, "eve").await.refused(),
            ErrorCode::WrongCredentials
        );
    }
    // The right password helps no more, and a name that does not exist is treated alike.
    let limited = attempt("alice", "alice").await;
    assert_eq!(limited.refused(), ErrorCode::RateLimited);
    for _ in 0..3 {
        assert_eq!(
            attempt("nobody", "eve").await.refused(),
            ErrorCode::WrongCredentials
        );
    }
    assert_eq!(
        attempt("nobody", "eve").await.refused(),
        ErrorCode::RateLimited
    );
    // Nine from this address so far.
    assert_eq!(
        attempt("carol", "eve").await.refused(),
        ErrorCode::RateLimited
    );
    server.clock().advance(Duration::from_secs(3_600));
    assert_eq!(attempt("alice", "alice").await.status, 200);
}

#[tokio::test]
async fn access_tokens_run_out() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    works(&api, &session.tokens).await.unwrap();
    let life = session.tokens.access_expires_in_ms;
    assert_eq!(life, 900_000);
    server.clock().advance(Duration::from_millis(life));
    assert_eq!(
        works(&api, &session.tokens).await,
        Err(ErrorCode::TokenExpired)
    );
    let tokens: Tokens = refresh(&api, &session.tokens).await.ok();
    works(&api, &tokens).await.unwrap();
}

#[tokio::test]
async fn garbage_is_no_token() {
    let server = TestServer::start().await.unwrap();
    let other = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let (_, foreign) = Api::sign_up(&other, "alice").await;
    let tokens = [
        "",
        "x",
        "a.b.c",
        foreign.tokens.access_token.expose(),
        session.tokens.refresh_token.expose(),
    ];
    for token in tokens {
        let reply = api.with_token(token).get(routes::ACCOUNT).await;
        assert_eq!(reply.refused(), ErrorCode::Unauthenticated, "{token}");
    }
    let basic = Api::new(&server)
        .request(reqwest::Method::GET, routes::ACCOUNT)
        .basic_auth("alice", Some("x"));
    assert_eq!(Reply::of(basic).await.refused(), ErrorCode::Unauthenticated);
    for tokens in [&foreign.tokens] {
        assert_eq!(
            refresh(&api, tokens).await.refused(),
            ErrorCode::SessionEnded
        );
    }
    for body in [json!({"refresh_token": "x"}), json!({"refresh_token": ""})] {
        let reply = api.post(routes::REFRESH, &body).await;
        assert_eq!(reply.refused(), ErrorCode::SessionEnded);
    }
    for body in [
        json!({}),
        json!({"refresh_token": 1}),
        json!({"refresh_token": "x", "more": 1}),
    ] {
        let reply = api.post(routes::REFRESH, &body).await;
        assert_eq!(reply.refused(), ErrorCode::InvalidRequest);
    }
}

#[tokio::test]
async fn a_spent_refresh_token_ends_the_session() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let second: Tokens = refresh(&api, &session.tokens).await.ok();
    let third: Tokens = refresh(&api, &second).await.ok();
    // The first was spent long ago, whatever the hour: the second was used since.
    assert_eq!(
        refresh(&api, &session.tokens).await.refused(),
        ErrorCode::SessionEnded
    );
    assert_eq!(
        refresh(&api, &third).await.refused(),
        ErrorCode::SessionEnded
    );
    assert_eq!(works(&api, &third).await, Err(ErrorCode::SessionEnded));
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_repeated() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let lost: Tokens = refresh(&api, &session.tokens).await.ok();
    let second: Tokens = refresh(&api, &session.tokens).await.ok();
    works(&api, &second).await.unwrap();
    let third: Tokens = refresh(&api, &second).await.ok();
    // What had been lost turns up after all, in other hands.
    assert_eq!(
        refresh(&api, &lost).await.refused(),
        ErrorCode::SessionEnded
    );
    assert_eq!(works(&api, &third).await, Err(ErrorCode::SessionEnded));
}

#[tokio::test]
async fn a_refresh_is_repeated_an_hour_later() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    refresh(&api, &session.tokens).await.ok::<Tokens>();
    for _ in 0..2 {
        // The computer slept over the answer, and then did again.
        server.clock().advance(Duration::from_secs(3_600));
        let tokens: Tokens = refresh(&api, &session.tokens).await.ok();
        works(&api, &tokens).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_before_is_not_taken_once_the_present_one_was_used() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let second: Tokens = refresh(&api, &session.tokens).await.ok();
    server.clock().advance(Duration::from_secs(3_600));
    let third: Tokens = refresh(&api, &second).await.ok();
    // The second may be repeated, the one before it ends everything.
    refresh(&api, &second).await.ok::<Tokens>();
    assert_eq!(
        refresh(&api, &session.tokens).await.refused(),
        ErrorCode::SessionEnded
    );
    assert_eq!(works(&api, &third).await, Err(ErrorCode::SessionEnded));
}

#[tokio::test]
async fn who_uses_a_stolen_token_before_is_found_out_by_the_device() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let own: Tokens = refresh(&api, &session.tokens).await.ok();
    server.clock().advance(Duration::from_secs(3_600));
    let stolen: Tokens = refresh(&api, &session.tokens).await.ok();
    assert_eq!(refresh(&api, &own).await.refused(), ErrorCode::SessionEnded);
    assert_eq!(works(&api, &stolen).await, Err(ErrorCode::SessionEnded));
}

#[tokio::test]
async fn a_repeated_refresh_runs_out_as_any_other() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    refresh(&api, &session.tokens).await.ok::<Tokens>();
    server.clock().advance(Duration::from_secs(30 * 24 * 3_600));
    assert_eq!(
        refresh(&api, &session.tokens).await.refused(),
        ErrorCode::SessionEnded
    );
}

#[tokio::test]
async fn sessions_slide_and_run_out() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let mut tokens = session.tokens;
    for _ in 0..3 {
        server.clock().advance(Duration::from_secs(29 * 24 * 3_600));
        tokens = refresh(&api, &tokens).await.ok();
    }
    server.clock().advance(Duration::from_secs(30 * 24 * 3_600));
    assert_eq!(
        refresh(&api, &tokens).await.refused(),
        ErrorCode::SessionEnded
    );
}

#[tokio::test]
async fn many_refreshes_at_once_leave_one_good_pair() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let (api, tokens) = (api.clone(), session.tokens.clone());
            tokio::spawn(async move { refresh(&api, &tokens).await.ok::<Tokens>() })
        })
        .collect();
    let mut pairs = Vec::new();
    for pair in tries {
        pairs.push(pair.await.unwrap());
    }
    let devices: Vec<Device> = api.get(routes::DEVICES).await.ok();
    assert_eq!(devices.len(), 1);
    works(&api, &pairs[0]).await.unwrap();
}

#[tokio::test]
async fn signing_out_is_noticed_at_once() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let (phone, other) = second_device(&api, "alice").await;
    phone.delete(routes::CURRENT_SESSION).await.done();
    assert_eq!(
        works(&api, &other.tokens).await,
        Err(ErrorCode::SessionEnded)
    );
    assert_eq!(
        refresh(&api, &other.tokens).await.refused(),
        ErrorCode::SessionEnded
    );
    works(&api, &session.tokens).await.unwrap();

    let server = server.stop().await.start().await.unwrap();
    let api = Api::new(&server);
    assert_eq!(
        works(&api, &other.tokens).await,
        Err(ErrorCode::SessionEnded)
    );
    works(&api, &session.tokens).await.unwrap();
}

#[tokio::test]
async fn devices_are_listed_and_ended() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let (_, phone) = second_device(&api, "alice").await;
    let (bob, _) = Api::sign_up(&server, "bob").await;
    let devices: Vec<Device> = api.get(routes::DEVICES).await.ok();
    assert_eq!(devices, [session.device.clone(), phone.device.clone()]);

    let path = routes::device(phone.device.id);
    assert_eq!(bob.delete(&path).await.refused(), ErrorCode::DeviceNotFound);
    works(&api, &phone.tokens).await.unwrap();
    assert_eq!(
        Api::new(&server).delete(&path).await.refused(),
        ErrorCode::Unauthenticated
    );
    api.delete(&path).await.done();
    assert_eq!(api.delete(&path).await.refused(), ErrorCode::DeviceNotFound);
    assert_eq!(
        works(&api, &phone.tokens).await,
        Err(ErrorCode::SessionEnded)
    );
    assert_eq!(
        api.get(routes::DEVICES).await.ok::<Vec<Device>>(),
        [session.device]
    );

    // The other devices hear of it.
    let changes = api
        .get(&format!("{}?since=0", routes::ACCOUNT_CHANGES))
        .await;
    let last = changes.json()["changes"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["item"]["type"], "device");
    assert_eq!(last["item"]["deleted"], true);

    for bad in ["0", "x", "-1", "9007199254740992"] {
        let reply = api.delete(&format!("{}/{bad}", routes::DEVICES)).await;
        assert_eq!(reply.refused(), ErrorCode::InvalidRequest, "{bad}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_has_no_session() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    for reply in [
        api.get(routes::DEVICES).await,
        api.delete(routes::CURRENT_SESSION).await,
    ] {
        assert_eq!(reply.refused(), ErrorCode::Unauthenticated);
    }
}

#[tokio::test]
async fn changing_the_password_ends_the_other_devices() {
    let server = TestServer::start().await.unwrap();
    let (api, session) = Api::sign_up(&server, "alice").await;
    let (_, phone) = second_device(&api, "alice").await;
    let change = |old, new| json!({"old": password_of(old), "new": password_of(new)});
    let wrong = api.put(routes::PASSWORD, &change("eve", "new")).await;
    assert_eq!(wrong.refused(), ErrorCode::WrongCredentials);
    works(&api, &phone.tokens).await.unwrap();

    api.put(routes::PASSWORD, &change("alice", "new"))
        .await
        .done();
    works(&api, &session.tokens).await.unwrap();
    assert_eq!(
        works(&api, &phone.tokens).await,
        Err(ErrorCode::SessionEnded)
    );
    let old = api.post(routes::SESSIONS, &sign_in("alice", "alice")).await;
    assert_eq!(old.refused(), ErrorCode::WrongCredentials);
    let new = api.post(routes::SESSIONS, &sign_in("alice", "new")).await;
    assert_eq!(new.ok::<SignedIn>().account, session.account);

    for body in [
        json!({"old": "x", "new": "y"}),
        json!({"new": password_of("x")}),
    ] {
        let reply = api.put(routes::PASSWORD, &body).await;
        assert_eq!(reply.refused(), ErrorCode::InvalidRequest);
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let server = TestServer::start().await.unwrap();
    let (_, session) = Api::sign_up(&server, "alice").await;
    let server = server.stop().await.start().await.unwrap();
    let api = Api::new(&server);
    works(&api, &session.tokens).await.unwrap();
    refresh(&api, &session.tokens).await.ok::<Tokens>();
    let (_, next) = Api::sign_up(&server, "bob").await;
    assert_eq!(next.account.user.id, UserId::new(10_002).unwrap());
}
