//! A text for whoever helps tells how the app stands, and nothing of anybody.

use magpie_core::{
    diagnostics::DiagnosticsHost,
    protocol::{ErrorBody, ErrorCode, friends::RequestState},
    settings::{Proxy, Settings},
};

use crate::{
    client::Client,
    fake::{Fake, Reply, chat, request},
};

#[tokio::test]
async fn nothing_personal_is_in_it() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    fake.with(|model| {
        model.peer_says("planted message");
        model.asks(request(3, RequestState::Pending));
        model.replies.push_back(Reply::Refuse(ErrorBody::new(
            ErrorCode::NotFriends,
            "planted refusal",
        )));
    });
    let core = &client.core;
    client.until_texts(&["planted message".to_owned()]).await;
    core.send_text(chat(), "planted unsent").await.unwrap();
    core.set_draft(chat(), "planted draft").await.unwrap();
    let settings = Settings {
        recent_emoji: vec!["🪶".to_owned()],
        shortcut: Some("Ctrl+Planted".to_owned()),
        proxy: Proxy::Socks5 {
            address: "planted:secret@planted.example:1080".to_owned(),
        },
        ..Settings::default()
    };
    client.home().set_settings(settings).await.unwrap();
    client.home().set_lock("planted passphrase").await.unwrap();
    client
        .until("it is refused", || async {
            let list = core.conversations().await.unwrap();
            list.items[0].failed == 1
        })
        .await;
    fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    let host = DiagnosticsHost {
        version: "1.2.3".to_owned(),
        system: "Test OS 4".to_owned(),
        webview: "WebKit 5".to_owned(),
        more: vec![("tray".to_owned(), "yes".to_owned())],
    };
    let text = std::cell::RefCell::new(String::new());
    client
        .until("the loss of the link", || async {
            text.replace(client.home().diagnostics(&host).await);
            text.borrow().contains("link: offline, unavailable")
        })
        .await;
    let text = text.into_inner();
    for told in [
        "version: 1.2.3",
        "Test OS 4",
        "WebKit 5",
        "tray: yes",
        "SQLite: 3.",
        "SQLCipher: 4.",
        "app lock: unlocked",
        "secrets: file",
        "proxy: socks5",
        "shortcut set: true",
        "link: offline, unavailable",
        "messages: 1",
        "unread: 1",
        "refused: 1",
        "outbox: not_friends",
    ] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
    let lower = text.to_lowercase();
    let server = fake.url.trim_start_matches("http://");
    for secret in [
        "planted",
        "secret@",
        "ming",
        "hong",
        "lan\n",
        "access-",
        "refresh-",
        "correct horse",
        "127.0.0.1",
        "🪶",
        "sealed:",
        server,
        core.key(),
        "fake",
        &client.path().display().to_string(),
    ] {
        assert!(
            !lower.contains(&secret.to_lowercase()),
            "{secret} is in\n{text}"
        );
    }
}
