//! Newer versions of the app, out of a folder.

use std::{fs, path::Path};

use magpie_protocol::{ErrorCode, routes, server::ServerInfo, updates::UpdateManifest};
use magpie_server::testing::TestServer;
use reqwest::{Method, header};
use serde_json::json;
use tempfile::TempDir;

use crate::api::{Api, Reply};

const PACKAGE: &str = "Magpie_0.2.0_amd64.AppImage";

fn manifest(url: &str) -> String {
    let package = json!({ "url": url, "signature": "c2lnbmVk" });
    json!({
        "version": "0.2.0",
        "notes": "Faster.",
        "pub_date": "2026-11-22T12:00:00Z",
        "platforms": { "linux-x86_64": package },
    })
    .to_string()
}

/// A folder with a package in it, and beside the folder a file that nobody is to see.
fn release() -> (TempDir, std::path::PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("updates");
    fs::create_dir(&folder).unwrap();
    fs::write(outer.path().join("secret"), "nobody's business").unwrap();
    fs::write(folder.join("latest.json"), manifest(PACKAGE)).unwrap();
    // Longer than what is compressed, and easy to compress.
    fs::write(folder.join(PACKAGE), "0123456789".repeat(1_000)).unwrap();
    fs::write(folder.join("notes.txt"), "not named").unwrap();
    (outer, folder)
}

async fn server(folder: &Path) -> TestServer {
    let folder = folder.to_owned();
    TestServer::start_with(|config| config.updates_dir = Some(folder))
        .await
        .unwrap()
}

fn file(name: &str) -> String {
    routes::UPDATE_PACKAGE.replace("{file}", name)
}

#[tokio::test]
async fn a_server_without_a_folder_offers_none_and_says_so() {
    let server = TestServer::start().await.unwrap();
    let nobody = Api::new(&server);
    let info: ServerInfo = nobody.get(routes::SERVER).await.ok();
    assert!(!info.updates);
    for path in [routes::UPDATES, &file(PACKAGE)] {
        assert_eq!(nobody.get(path).await.refused(), ErrorCode::NoSuchRoute);
    }
}

#[tokio::test]
async fn the_manifest_names_packages_by_the_address_it_was_asked_at() {
    let (_outer, folder) = release();
    let server = server(&folder).await;
    let nobody = Api::new(&server);
    let info: ServerInfo = nobody.get(routes::SERVER).await.ok();
    assert!(info.updates);
    let manifest: UpdateManifest = nobody.get(routes::UPDATES).await.ok();
    assert_eq!(manifest.version, "0.2.0");
    assert_eq!(manifest.notes.as_deref(), Some("Faster."));
    let package = &manifest.platforms["linux-x86_64"];
    assert_eq!(package.url, server.url(&file(PACKAGE)));
    assert_eq!(package.signature, "c2lnbmVk");
    assert_eq!(package.size, Some(10_000));
    // An address elsewhere stays as it is.
    let elsewhere = "https://packages.example/Magpie.AppImage";
    fs::write(folder.join("latest.json"), self::manifest(elsewhere)).unwrap();
    let manifest: UpdateManifest = nobody.get(routes::UPDATES).await.ok();
    assert_eq!(manifest.platforms["linux-x86_64"].url, elsewhere);
    // It is not named here any more.
    assert_eq!(
        nobody.get(&file(PACKAGE)).await.refused(),
        ErrorCode::NoSuchRoute
    );
}

#[tokio::test]
async fn a_package_comes_whole_or_in_parts_and_never_compressed() {
    let (_outer, folder) = release();
    let server = server(&folder).await;
    let nobody = Api::new(&server);
    let get = || {
        nobody
            .request(Method::GET, &file(PACKAGE))
            .header(header::ACCEPT_ENCODING, "gzip")
    };
    let whole = Reply::of(get()).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.text.len(), 10_000);
    let said = |reply: &Reply, name: header::HeaderName| {
        let value = reply.headers.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    assert_eq!(
        said(&whole, header::CONTENT_LENGTH).as_deref(),
        Some("10000")
    );
    assert_eq!(said(&whole, header::CONTENT_ENCODING), None);
    assert_eq!(
        said(&whole, header::CONTENT_TYPE).as_deref(),
        Some("application/octet-stream")
    );
    let part = Reply::of(get().header(header::RANGE, "bytes=9995-")).await;
    assert_eq!((part.status, part.text.as_str()), (206, "56789"));
    let beyond = Reply::of(get().header(header::RANGE, "bytes=20000-")).await;
    assert_eq!(beyond.status, 416);
}

#[tokio::test]
async fn nothing_else_can_be_had() {
    let (outer, folder) = release();
    let server = server(&folder).await;
    let nobody = Api::new(&server);
    let secret = outer.path().join("secret");
    let absolute = secret.to_str().unwrap().replace('/', "%2f");
    for name in [
        "notes.txt",
        "latest.json",
        "..%2fsecret",
        "..%2Fsecret",
        "%2e%2e%2fsecret",
        "..%5csecret",
        ".%2fnotes.txt",
        &absolute,
        "%00",
        "..",
        "",
    ] {
        let reply = nobody.get(&file(name)).await;
        assert!(!reply.text.contains("nobody's business"), "{name}");
        assert_eq!(reply.refused(), ErrorCode::NoSuchRoute, "{name}");
    }
    // Named in the manifest, it still does not leave the folder.
    fs::write(folder.join("latest.json"), manifest("../secret")).unwrap();
    let reply = nobody.get(&file("..%2fsecret")).await;
    assert_eq!(reply.refused(), ErrorCode::NoSuchRoute);
}

#[tokio::test]
async fn a_folder_that_is_not_as_it_should_be_is_the_servers_failure() {
    let (outer, folder) = release();
    let server = server(&folder).await;
    let nobody = Api::new(&server);
    let latest = folder.join("latest.json");
    for text in ["", "{", "[]", "{\"version\":1}", "\u{fffd}"] {
        fs::write(&latest, text).unwrap();
        let reply = nobody.get(routes::UPDATES).await;
        assert_eq!(reply.refused(), ErrorCode::Internal, "{text}");
        let folder = outer.path().to_str().unwrap();
        assert!(!reply.text.contains(folder), "where it lies is not told");
        let reply = nobody.get(&file(PACKAGE)).await;
        assert_eq!(reply.refused(), ErrorCode::Internal, "{text}");
    }
    fs::write(&latest, " ".repeat(300_000)).unwrap();
    assert_eq!(
        nobody.get(routes::UPDATES).await.refused(),
        ErrorCode::Internal
    );
    // A package that is named and not there.
    fs::write(&latest, manifest("gone.deb")).unwrap();
    for path in [routes::UPDATES, &file("gone.deb")] {
        assert_eq!(nobody.get(path).await.refused(), ErrorCode::Internal);
    }
    // The others get theirs all the same.
    let package = |url: &str| json!({ "url": url, "signature": "c2lnbmVk" });
    let some = json!({
        "version": "0.2.0",
        "platforms": { "linux-x86_64": package(PACKAGE), "windows-x86_64": package("gone.msi") },
    });
    fs::write(&latest, some.to_string()).unwrap();
    let offered: UpdateManifest = nobody.get(routes::UPDATES).await.ok();
    let systems: Vec<_> = offered.platforms.keys().collect();
    assert_eq!(systems, ["linux-x86_64"]);
    // Nothing was put there yet.
    fs::remove_file(&latest).unwrap();
    nobody.get(routes::UPDATES).await.done();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        nobody.get(routes::UPDATES).await.refused(),
        ErrorCode::Internal
    );
}

#[tokio::test]
async fn who_asks_too_often_has_to_wait() {
    let (_outer, folder) = release();
    let path = folder.clone();
    let server = TestServer::start_with(|config| {
        config.updates_dir = Some(path);
        config.updates_per_address_and_hour = 2;
    })
    .await
    .unwrap();
    let nobody = Api::new(&server);
    let _: UpdateManifest = nobody.get(routes::UPDATES).await.ok();
    assert_eq!(nobody.get(&file(PACKAGE)).await.status, 200);
    for path in [routes::UPDATES, &file(PACKAGE)] {
        assert_eq!(nobody.get(path).await.refused(), ErrorCode::RateLimited);
    }
}
