//! A home without a server: what is on the disk, and what is refused before anybody is asked.

use std::{path::Path, sync::Arc};

use super::{Credentials, Home, HomeOptions, Registration};
use crate::{
    CoreError, FailureCode, LocalCode, SystemClock,
    settings::{Language, Proxy, Settings, Theme},
};

fn options(folder: &Path) -> HomeOptions {
    HomeOptions {
        folder: folder.to_owned(),
        keychain_service: "chat.magpie.test".to_owned(),
        keychain: false,
        device_name: "test".to_owned(),
        clock: Arc::new(SystemClock),
    }
}

async fn open(folder: &Path) -> Result<Home, CoreError> {
    Home::open(options(folder)).await
}

const fn local<T>(code: LocalCode) -> Result<T, FailureCode> {
    Err(FailureCode::Local(code))
}

#[tokio::test]
async fn a_folder_is_held_by_one_home_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let home = open(folder.path()).await.unwrap();
    let second = open(folder.path()).await.map(|_| ());
    let code = second.map_err(|error| error.code());
    assert_eq!(code, local(LocalCode::FolderInUse));
    drop(home);
    assert!(open(folder.path()).await.is_ok());
}

#[tokio::test]
async fn settings_are_kept_and_brought_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let home = open(folder.path()).await.unwrap();
    assert_eq!(home.settings(), Settings::default());
    let wanted = Settings {
        theme: Theme::Dark,
        language: Language::ZhCn,
        recent_emoji: vec!["🐦".to_owned(); 40],
        skin_tone: 9,
        host_shared: true,
        host_enabled: true,
        font_size: 400,
        ..Settings::default()
    };
    let stored = home.set_settings(wanted).await.unwrap();
    assert_eq!((stored.recent_emoji.len(), stored.skin_tone), (32, 0));
    assert_eq!(stored.font_size, 150);
    assert_eq!(home.settings(), stored);
    drop(home);
    assert_eq!(open(folder.path()).await.unwrap().settings(), stored);
}

#[tokio::test]
async fn a_proxy_that_cannot_be_one_is_refused_and_one_on_the_disk_is_not_passed_by() {
    let socks = |address: &str| Proxy::Socks5 {
        address: address.to_owned(),
    };
    let folder = tempfile::tempdir().unwrap();
    let home = open(folder.path()).await.unwrap();
    let choose = |home: &Home, proxy| {
        let home = home.clone();
        async move {
            let stored = home.change_settings(|held| held.proxy = proxy).await;
            stored
                .map(|settings| settings.proxy)
                .map_err(|error| error.code())
        }
    };
    let refused = choose(&home, socks("proxy.example")).await;
    assert_eq!(refused, local(LocalCode::ProxyFailed));
    assert_eq!(home.settings(), Settings::default());
    let good = choose(&home, socks(" socks5://proxy.example:1080/ ")).await;
    assert_eq!(good, Ok(socks("proxy.example:1080")));
    drop(home);

    let file = folder.path().join("settings.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("proxy.example:1080", "proxy.example")).unwrap();
    let home = open(folder.path()).await.unwrap();
    assert_eq!(home.settings().proxy, socks("proxy.example"));
    // A server that is not there is not the reason: nobody is asked.
    let refused = home.check_server("http://chat.invalid").await.map(|_| ());
    let code = refused.map_err(|error| error.code());
    assert_eq!(code, local(LocalCode::ProxyFailed));
    // Other settings can be changed all the same.
    let stored = home.change_settings(|held| held.theme = Theme::Dark).await;
    let stored = stored.unwrap();
    assert_eq!(
        (stored.theme, stored.proxy),
        (Theme::Dark, socks("proxy.example"))
    );
}

#[tokio::test]
async fn damaged_files_cost_what_was_in_them_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("settings.json"), b"\xff\xfe{").unwrap();
    let account = |key: &str, used: i64| {
        serde_json::json!({
            "key": key, "server_url": "http://127.0.0.1:1", "server_name": "", "user_id": 1,
            "username": "ming", "nickname": "Ming", "last_used_at": used,
        })
    };
    let accounts = serde_json::json!({ "accounts": [
        account("1@old-80", 1), { "key": 5 }, account("../../etc", 9), account("1@new-80", 2),
    ]});
    std::fs::write(folder.path().join("accounts.json"), accounts.to_string()).unwrap();
    let home = open(folder.path()).await.unwrap();
    assert_eq!(home.settings(), Settings::default());
    let keys: Vec<_> = home
        .remembered()
        .into_iter()
        .map(|account| account.key)
        .collect();
    assert_eq!(keys, ["1@new-80", "1@old-80"]);
    assert!(
        home.resume().await.unwrap().is_none(),
        "nobody is signed in"
    );
    home.forget("1@new-80").await.unwrap();
    home.forget("../../etc").await.unwrap();
    assert_eq!(home.remembered().len(), 1);
}

#[tokio::test]
async fn nobody_is_asked_about_what_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let home = open(folder.path()).await.unwrap();
    assert!(home.resume().await.unwrap().is_none());
    let registration = |server_url: &str, password: &str| Registration {
        server_url: server_url.to_owned(),
        username: "ming".to_owned(),
        nickname: "Ming".to_owned(),
        email: None,
        password: password.to_owned(),
        invitation: None,
    };
    let code =
        |outcome: Result<crate::Core, CoreError>| outcome.map(|_| ()).map_err(|error| error.code());
    let short = home
        .register(registration("http://127.0.0.1:1", "short"))
        .await;
    assert_eq!(code(short), local(LocalCode::PasswordLength));
    let nowhere = home
        .register(registration("somewhere", "long enough"))
        .await;
    assert_eq!(code(nowhere), local(LocalCode::InvalidAddress));
    let away = home.sign_in(Credentials {
        server_url: "http://127.0.0.1:1".to_owned(),
        login: "ming".to_owned(),
        password: "x".to_owned(),
    });
    assert_eq!(code(away.await), local(LocalCode::Unreachable));
    let checked = home.check_server("127.0.0.1:1").await.map(|_| ());
    let code = checked.map_err(|error| error.code());
    assert_eq!(code, local(LocalCode::Unreachable));
}
