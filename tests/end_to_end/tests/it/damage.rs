//! The local database is damaged.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use magpie_core::Notice;
use magpie_tests_end_to_end::{Device, PATIENCE, Stage, eventually};

/// Returns the files in the account's folder, by name.
fn files(device: &Device) -> Vec<PathBuf> {
    let accounts = fs::read_dir(device.folder().join("accounts")).unwrap();
    let account = accounts
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir());
    let entries = fs::read_dir(account.unwrap()).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn database(device: &Device) -> PathBuf {
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name == "cache.db");
    files(device).into_iter().find(named).unwrap()
}

fn damaged_copies(device: &Device) -> usize {
    let aside = |path: &PathBuf| path.to_string_lossy().contains("damaged");
    files(device).into_iter().filter(aside).count()
}

fn overwrite(path: &Path, from: u64, bytes: usize) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xa5; bytes]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_read_at_all_is_built_again() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    bob.says_many_to(&alice, "worth keeping", 100).await;
    alice
        .device()
        .until_line(chat, "all are there", |line| line.unread == 100)
        .await;
    alice.device().close().await;
    let database = database(&alice.device());
    let length = fs::metadata(&database).unwrap().len();
    overwrite(&database, 0, usize::try_from(length).unwrap());

    alice.device().start().await;
    let notices = alice.device().take_notices();
    assert!(
        notices.contains(&Notice::CacheRebuiltOutboxLost),
        "{notices:?}"
    );
    assert!(damaged_copies(&alice.device()) > 0, "it was moved aside");
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_is_rescued_where_it_can_be_read() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    let long = "喜鹊".repeat(300);
    bob.says_many_to(&alice, &long, 300).await;
    let device = alice.device();
    device
        .until_line(chat, "all are there", |line| line.unread == 300)
        .await;
    device.link().refuse();
    device.until_offline().await;
    device.says_many(chat, "unsent", 20).await;
    device.close().await;

    // Far from both ends of the file lie the long messages.
    let database = database(&device);
    let length = fs::metadata(&database).unwrap().len();
    overwrite(&database, length / 2 / 4096 * 4096, 40 * 4096);
    eventually("the damage is found", PATIENCE, async || {
        device.start().await;
        // Looking at everything runs into the damage; the next start then repairs it.
        let looked = device.timeline(chat).await;
        let notices = device.take_notices();
        if notices.contains(&Notice::CacheRebuilt) {
            return Ok(());
        }
        assert!(
            !notices.contains(&Notice::CacheRebuiltOutboxLost),
            "{notices:?}"
        );
        device.close().await;
        Err(format!(
            "{:?}, {notices:?}",
            looked.map(|whole| whole.messages.len())
        ))
    })
    .await;
    // What was saved is sent once, in order: the record holds all twenty.
    stage.all_is_well().await;
}
