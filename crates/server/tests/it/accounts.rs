//! Accounts: making, reading, changing and finding them.

use magpie_protocol::{
    ErrorCode, Page, UserId,
    accounts::{Account, Gender, User},
    limits::BODY_BYTES,
    routes,
    sessions::SignedIn,
};
use magpie_server::{config::WhoRegisters, testing::TestServer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply};

const DIGEST: &str = "00112233445566778899aabbccddeeff";

fn registration(username: &str) -> Value {
    json!({
        "username": username, "nickname": "李明", "password": DIGEST,
        "device": {"name": "Ming's laptop", "platform": "linux"},
    })
}

#[tokio::test]
async fn registering_gives_a_number_and_signs_in() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let mut body = registration("Ming.Li");
    body["email"] = "Ming@Example.COM".into();
    let reply: SignedIn = api.post(routes::ACCOUNTS, &body).await.ok();
    let user = &reply.account.user;
    assert_eq!(user.id.get(), 10_001);
    assert_eq!(
        (user.username.as_str(), user.nickname.as_str()),
        ("ming.li", "李明")
    );
    assert_eq!(reply.account.email.as_deref(), Some("Ming@example.com"));
    assert_eq!(reply.device.name, "Ming's laptop");
    let account: Account = api.signed_in(&reply).get(routes::ACCOUNT).await.ok();
    assert_eq!(account, reply.account);
    let next: SignedIn = api.post(routes::ACCOUNTS, &registration("bob")).await.ok();
    assert_eq!(next.account.user.id.get(), 10_002);
}

#[tokio::test]
async fn names_and_addresses_are_given_once() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let with_email = |name, email: &str| {
        let mut body = registration(name);
        body["email"] = email.into();
        body
    };
    let register = async |body| api.post(routes::ACCOUNTS, &body).await;
    register(with_email("alice", "a@example.com"))
        .await
        .ok::<SignedIn>();
    assert_eq!(
        register(registration("ALICE")).await.refused(),
        ErrorCode::UsernameTaken
    );
    assert_eq!(
        register(with_email("bob", "A@EXAMPLE.com")).await.refused(),
        ErrorCode::EmailTaken
    );
    register(registration("bob")).await.ok::<SignedIn>();
}

#[tokio::test]
async fn one_of_many_gets_a_name_that_all_ask_for() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.post(routes::ACCOUNTS, &registration("alice")).await })
        })
        .collect();
    let mut made = 0;
    for reply in tries {
        let reply = reply.await.unwrap();
        if reply.status == 200 {
            made += 1;
        } else {
            assert_eq!(reply.refused(), ErrorCode::UsernameTaken);
        }
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn registrations_that_cannot_be_are_refused_with_their_own_codes() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let cases = [
        ("username", json!("ab"), ErrorCode::InvalidUsername),
        ("username", json!("12345"), ErrorCode::InvalidUsername),
        ("username", json!("李明明"), ErrorCode::InvalidUsername),
        ("username", json!(12_345), ErrorCode::InvalidRequest),
        ("nickname", json!("  "), ErrorCode::InvalidNickname),
        ("nickname", json!("a\u{202E}b"), ErrorCode::InvalidNickname),
        ("nickname", json!("a\u{200B}b"), ErrorCode::InvalidNickname),
        (
            "nickname",
            json!("字".repeat(65)),
            ErrorCode::InvalidNickname,
        ),
        ("email", json!("nowhere"), ErrorCode::InvalidEmail),
        (
            "password",
            json!("correct horse"),
            ErrorCode::InvalidRequest,
        ),
        ("password", json!(null), ErrorCode::InvalidRequest),
        (
            "device",
            json!({"name": "x".repeat(65), "platform": "linux"}),
            ErrorCode::InvalidRequest,
        ),
        ("device", json!({"name": "x"}), ErrorCode::InvalidRequest),
        ("admin", json!(true), ErrorCode::InvalidRequest),
    ];
    for (field, value, code) in cases {
        let mut body = registration("alice");
        body[field] = value;
        let reply = api.post(routes::ACCOUNTS, &body).await;
        assert_eq!(reply.refused(), code, "{field}: {}", body[field]);
    }
    // None of these tries left anything behind.
    api.post(routes::ACCOUNTS, &registration("alice"))
        .await
        .ok::<SignedIn>();
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let whole = registration("alice").to_string().into_bytes();
    let (half, _) = whole.split_at(whole.len() / 2);
    let mut twice = whole.clone();
    twice.extend_from_slice(&whole);
    let mut broken = whole.clone();
    let letter = broken.iter().position(|byte| *byte == b'a').unwrap();
    broken[letter] = 0xff;
    for body in [b"".to_vec(), b"[]".to_vec(), half.to_vec(), twice, broken] {
        let request = api
            .request(Method::POST, routes::ACCOUNTS)
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(
            Reply::of(request).await.refused(),
            ErrorCode::InvalidRequest
        );
    }
    let form = api.request(Method::POST, routes::ACCOUNTS).body(whole);
    assert_eq!(Reply::of(form).await.refused(), ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn huge_bodies_are_refused() {
    let server = TestServer::start().await.unwrap();
    let mut body = registration("alice");
    body["nickname"] = "x".repeat(BODY_BYTES).into();
    let reply = Api::new(&server).post(routes::ACCOUNTS, &body).await;
    assert_eq!(reply.refused(), ErrorCode::TooLarge);
}

#[tokio::test]
async fn a_closed_server_takes_nobody() {
    let server = TestServer::start_with(|config| config.registration = WhoRegisters::Closed)
        .await
        .unwrap();
    let api = Api::new(&server);
    let reply = api.post(routes::ACCOUNTS, &registration("alice")).await;
    assert_eq!(reply.refused(), ErrorCode::RegistrationClosed);
    assert_eq!(
        api.get(routes::SERVER).await.json()["registration"],
        "closed"
    );
}

#[tokio::test]
async fn registering_has_its_limits() {
    let server = TestServer::start_with(|config| config.registrations_per_address_and_hour = 2)
        .await
        .unwrap();
    let api = Api::new(&server);
    for name in ["alice", "bob"] {
        api.post(routes::ACCOUNTS, &registration(name))
            .await
            .ok::<SignedIn>();
    }
    let reply = api.post(routes::ACCOUNTS, &registration("carol")).await;
    assert_eq!(reply.refused(), ErrorCode::RateLimited);
    let wait = reply.json()["retry_after_ms"].as_u64().unwrap();
    assert!((1..=1_800_001).contains(&wait), "{wait}");
    assert!(reply.headers.contains_key("retry-after"));
    server
        .clock()
        .advance(std::time::Duration::from_millis(wait));
    api.post(routes::ACCOUNTS, &registration("carol"))
        .await
        .ok::<SignedIn>();
}

#[tokio::test]
async fn profiles_change_by_field() {
    let server = TestServer::start().await.unwrap();
    let (alice, _) = Api::sign_up(&server, "alice").await;
    let change = json!({
        "nickname": " 爱丽丝 ", "signature": "喜鹊 🐦", "gender": "female",
        "birthday": "2000-02-29", "region": "杭州",
    });
    let account: Account = alice.patch(routes::ACCOUNT, &change).await.ok();
    assert_eq!(account.user.nickname, "爱丽丝");
    assert_eq!(account.user.gender, Gender::Female);
    assert_eq!(account.birthday.as_deref(), Some("2000-02-29"));
    let account: Account = alice
        .patch(routes::ACCOUNT, &json!({"birthday": ""}))
        .await
        .ok();
    assert_eq!(account.birthday, None);
    assert_eq!(account.user.signature, "喜鹊 🐦");
    assert_eq!(alice.get(routes::ACCOUNT).await.ok::<Account>(), account);
}

#[tokio::test]
async fn a_change_takes_a_revision_and_no_change_takes_none() {
    let server = TestServer::start().await.unwrap();
    let (alice, _) = Api::sign_up(&server, "alice").await;
    let changes = async |since: u64| {
        let path = format!("{}?since={since}", routes::ACCOUNT_CHANGES);
        alice.get(&path).await.json()
    };
    let first = changes(0).await;
    let types: Vec<_> = first["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["item"]["type"].clone())
        .collect();
    assert_eq!(types, ["account", "device"]);
    let rev = first["rev"].as_u64().unwrap();
    let change = json!({"nickname": "爱丽丝"});
    for _ in 0..2 {
        alice.patch(routes::ACCOUNT, &change).await.ok::<Account>();
    }
    let second = changes(rev).await;
    assert_eq!(second["rev"], rev + 1);
    assert_eq!(second["changes"][0]["item"]["user"]["nickname"], "爱丽丝");
}

#[tokio::test]
async fn profiles_that_cannot_be_are_refused() {
    let server = TestServer::start().await.unwrap();
    let (alice, signed_in) = Api::sign_up(&server, "alice").await;
    let cases = [
        (json!({"nickname": "\u{200D}"}), ErrorCode::InvalidNickname),
        (
            json!({"signature": "x".repeat(201)}),
            ErrorCode::InvalidProfile,
        ),
        (json!({"region": "a\nb"}), ErrorCode::InvalidProfile),
        (json!({"birthday": "2001-02-29"}), ErrorCode::InvalidProfile),
        (json!({"birthday": "tomorrow"}), ErrorCode::InvalidProfile),
        (json!({"gender": "yes"}), ErrorCode::InvalidRequest),
        (json!({"username": "eve"}), ErrorCode::InvalidRequest),
        (json!([]), ErrorCode::InvalidRequest),
    ];
    for (change, code) in cases {
        let reply = alice.patch(routes::ACCOUNT, &change).await;
        assert_eq!(reply.refused(), code, "{change}");
    }
    assert_eq!(
        alice.get(routes::ACCOUNT).await.ok::<Account>(),
        signed_in.account
    );
}

#[tokio::test]
async fn cards_show_what_everybody_may_see() {
    let server = TestServer::start().await.unwrap();
    let (alice, signed_in) = Api::sign_up(&server, "alice").await;
    let (bob, _) = Api::sign_up(&server, "bob").await;
    let id = signed_in.account.user.id;
    let reply = bob.get(&routes::user(id)).await;
    assert_eq!(reply.ok::<User>(), signed_in.account.user);
    for hidden in ["email", "birthday", "created_at"] {
        assert!(reply.json().get(hidden).is_none(), "{hidden}");
    }
    alice
        .patch(routes::ACCOUNT, &json!({"nickname": "爱丽丝"}))
        .await
        .ok::<Account>();
    assert_eq!(
        bob.get(&routes::user(id)).await.ok::<User>().nickname,
        "爱丽丝"
    );
    let nobody = UserId::new(99_999).unwrap();
    assert_eq!(
        bob.get(&routes::user(nobody)).await.refused(),
        ErrorCode::UserNotFound
    );
    for bad in ["0", "-1", "x", "9007199254740992", "%FF"] {
        let reply = bob.get(&format!("{}/{bad}", routes::USERS)).await;
        assert_eq!(reply.refused(), ErrorCode::InvalidRequest, "{bad}");
    }
}

async fn search(api: &Api, query: &str) -> Page<User> {
    api.get(&format!("{}?{query}", routes::USERS)).await.ok()
}

fn names(page: &Page<User>) -> Vec<&str> {
    page.items
        .iter()
        .map(|user| user.username.as_str())
        .collect()
}

#[tokio::test]
async fn people_are_found_by_number_name_and_nickname() {
    let server = TestServer::start().await.unwrap();
    let (api, _) = Api::sign_up(&server, "seeker").await;
    for (name, nickname) in [
        ("ming", "Ａｌｐｈａ"),
        ("ming.li", "Zoe"),
        ("mingzhu", "ming too"),
        ("aunt", "Ming the Aunt"),
        ("uncle", "MING the uncle"),
        ("zoe", "李明"),
    ] {
        let (person, _) = Api::sign_up(&server, name).await;
        let change = json!({"nickname": nickname});
        person.patch(routes::ACCOUNT, &change).await.ok::<Account>();
    }
    let page = search(&api, "q=Ming").await;
    assert_eq!(
        names(&page),
        ["ming", "ming.li", "mingzhu", "aunt", "uncle"]
    );
    assert_eq!(page.next, None);
    assert_eq!(names(&search(&api, "q=alpha").await), ["ming"]);
    assert_eq!(names(&search(&api, "q=%E6%9D%8E").await), ["zoe"]);
    assert_eq!(names(&search(&api, "q=10002").await), ["ming"]);
    assert_eq!(names(&search(&api, "q=seeker").await), ["seeker"]);
    assert_eq!(names(&search(&api, "q=%25").await), [""; 0]);

    // Page by page it is the same list.
    for limit in 1..=5 {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = search(&api, &format!("q=ming&limit={limit}{cursor}")).await;
            assert!(page.items.len() <= limit);
            found.extend(page.items.iter().map(|user| user.username.clone()));
            match page.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(
            found,
            ["ming", "ming.li", "mingzhu", "aunt", "uncle"],
            "{limit}"
        );
    }
}

#[tokio::test]
async fn searches_that_cannot_be_are_refused() {
    let server = TestServer::start().await.unwrap();
    let (alice, _) = Api::sign_up(&server, "alice").await;
    let long = format!("q={}", "x".repeat(65));
    for query in [
        "",
        "q=",
        "q=%20%20",
        &long,
        "q=a&limit=0",
        "q=a&limit=501",
        "q=a&limit=-1",
        "q=a&cursor=nonsense",
        "q=a&cursor=e30",
        "q=a&order=up",
        "q=%FF",
    ] {
        let reply = alice.get(&format!("{}?{query}", routes::USERS)).await;
        assert_eq!(reply.refused(), ErrorCode::InvalidRequest, "{query}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_sees_nothing() {
    let server = TestServer::start().await.unwrap();
    let (_, alice) = Api::sign_up(&server, "alice").await;
    let api = Api::new(&server);
    let replies = [
        api.get(routes::ACCOUNT).await,
        api.patch(routes::ACCOUNT, &json!({"nickname": "Eve"}))
            .await,
        api.put(routes::PASSWORD, &json!({"old": DIGEST, "new": DIGEST}))
            .await,
        api.get(&format!("{}?q=alice", routes::USERS)).await,
        api.get(&routes::user(alice.account.user.id)).await,
    ];
    for reply in replies {
        assert_eq!(reply.refused(), ErrorCode::Unauthenticated);
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
}
