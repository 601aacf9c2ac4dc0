//! What the database promises as a whole: durability, isolation of writes, damage.

use std::{fs, path::Path};

use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode, MessageId, Timestamp, UserId,
    conversations::{Conversation, ConversationKind},
    messages::{Message, MessageKind},
};
use tempfile::TempDir;

use super::{
    DatabaseKey, Result, Store, StoreError, open,
    table::{
        conversations, drafts, held_ranges, messages,
        outbox::{self, OutboxRow, OutboxState},
    },
    testing::{Temporary, temporary},
};
use crate::{CoreError, Notice};

const KEY: [u8; 32] = [7; 32];

fn conversation() -> ConversationId {
    ConversationId::new(12).unwrap()
}

fn me() -> UserId {
    UserId::new(1).unwrap()
}

fn unsent(number: u8, text: &str) -> OutboxRow {
    OutboxRow {
        position: 0,
        id: MessageId::from_parts(1, [number; 10]),
        conversation_id: conversation(),
        kind: MessageKind::Text,
        content: serde_json::json!({ "text": text }),
        created_at: Timestamp(5),
        attempts: 0,
        state: OutboxState::Queued,
        failure: None,
    }
}

fn message(seq: u64, text: &str) -> Message {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&seq.to_be_bytes());
    Message {
        id: MessageId::from_parts(2, random),
        conversation_id: conversation(),
        seq,
        sender_id: UserId::new(2).ok(),
        kind: MessageKind::Text,
        content: serde_json::json!({ "text": text }),
        created_at: Timestamp(9),
    }
}

async fn count(store: &Store) -> Result<i64> {
    store
        .read(|db| Ok(db.query_row("SELECT count(*) FROM drafts", [], |row| row.get(0))?))
        .await
}

async fn set_draft(store: &Store, id: u64, text: &str) -> Result<()> {
    let text = text.to_owned();
    let id = ConversationId::new(id).unwrap();
    store.write(move |tx| drafts::set(tx, id, &text)).await
}

/// Fills a database with a refused message, a queued one, a draft and many pages of messages, and
/// closes it.
async fn filled() -> TempDir {
    let Temporary { store, folder } = temporary();
    set_draft(&store, 12, "half a thought").await.unwrap();
    store
        .write(|tx| {
            for seq in 1..=2_000 {
                messages::insert(tx, me(), &message(seq, &"喜鹊".repeat(100)))?;
            }
            held_ranges::add(tx, conversation(), 1, 2_000)?;
            outbox::push(tx, &unsent(1, "first"))?;
            outbox::push(tx, &unsent(2, "second"))?;
            let refusal = ErrorBody::new(ErrorCode::NotFriends, "");
            outbox::fail(tx, unsent(1, "").id, &CoreError::from(refusal).into())?;
            Ok(())
        })
        .await
        .unwrap();
    store.close().await;
    folder
}

/// Overwrites some bytes in the middle of the file, where the messages are.
fn damage(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at..at + 64].fill(0xff);
    fs::write(path, bytes).unwrap();
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again_and_is_not_readable_without_the_key() {
    let folder = filled().await;
    assert_eq!(names(&folder), ["cache.db"]);
    let path = folder.path().join("cache.db");
    let bytes = fs::read(&path).unwrap();
    for plain in [&b"SQLite format"[..], "喜鹊".as_bytes(), b"CREATE TABLE"] {
        assert!(!bytes.windows(plain.len()).any(|window| window == plain));
    }
    let opened = open(&path, &DatabaseKey::new(KEY), Timestamp(0)).unwrap();
    assert_eq!(opened.notice, None);
    let rows = opened
        .store
        .read(|db| outbox::of_conversation(db, conversation()))
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].state, OutboxState::Failed);
}

#[tokio::test]
async fn closing_breaks_off_what_is_read_and_leaves_no_connection_open() {
    let Temporary { store, folder } = temporary();
    set_draft(&store, 12, "half a thought").await.unwrap();
    let (begun, begins) = std::sync::mpsc::channel();
    let reads: Vec<_> = (0..2)
        .map(|_| {
            let (store, begun) = (store.clone(), begun.clone());
            tokio::spawn(async move {
                let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
                               SELECT count(*) FROM n";
                store
                    .read(move |db| {
                        begun.send(()).unwrap();
                        Ok(db.query_row(endless, [], |row| row.get::<_, i64>(0))?)
                    })
                    .await
            })
        })
        .collect();
    let begins = tokio::task::spawn_blocking(move || {
        for _ in 0..2 {
            begins.recv().unwrap();
        }
    });
    begins.await.unwrap();
    let closing = tokio::time::timeout(std::time::Duration::from_secs(20), store.close());
    closing.await.unwrap();
    // Whoever closes the last connection removes the log.
    assert_eq!(names(&folder), ["cache.db"]);
    for read in reads {
        assert_eq!(read.await.unwrap(), Err(StoreError::Closed));
    }
    assert_eq!(count(&store).await, Err(StoreError::Closed));
}

#[tokio::test]
async fn reads_that_cross_with_closing_leave_no_connection_open() {
    for _ in 0..20 {
        let Temporary { store, folder } = temporary();
        let reads: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { while count(&store).await.is_ok() {} })
            })
            .collect();
        assert_eq!(count(&store).await, Ok(0));
        store.close().await;
        assert_eq!(names(&folder), ["cache.db"]);
        for read in reads {
            read.await.unwrap();
        }
        assert_eq!(names(&folder), ["cache.db"]);
    }
}

#[tokio::test]
async fn a_failing_write_has_no_effect_and_takes_no_other_with_it() {
    let temporary = temporary();
    let store = &temporary.store;
    let failing = store.write(|tx| {
        drafts::set(tx, conversation(), "never")?;
        Err::<(), _>(StoreError::Other("on purpose".to_owned()))
    });
    let panicking = store.write::<(), _>(|tx| {
        drafts::set(tx, conversation(), "never")?;
        panic!("on purpose");
    });
    // All of them wait at once, and so share a transaction.
    let (first, failed, panicked, last) = tokio::join!(
        set_draft(store, 1, "a"),
        failing,
        panicking,
        set_draft(store, 2, "b")
    );
    assert_eq!((first, last), (Ok(()), Ok(())));
    assert_eq!(failed, Err(StoreError::Other("on purpose".to_owned())));
    assert!(panicked.is_err());
    assert_eq!(count(store).await, Ok(2));
}

#[tokio::test]
async fn a_write_whose_caller_left_is_done_all_the_same() {
    let temporary = temporary();
    let store = temporary.store.clone();
    let mut write = Box::pin(set_draft(&store, 1, "a"));
    // Polled once, it is queued; then the caller is gone.
    assert!(futures_util::poll!(&mut write).is_pending());
    drop(write);
    set_draft(&store, 2, "b").await.unwrap();
    assert_eq!(count(&store).await, Ok(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_write_and_read_at_once() {
    let temporary = temporary();
    let tasks: Vec<_> = (1..=300)
        .map(|id| {
            let store = temporary.store.clone();
            tokio::spawn(async move {
                set_draft(&store, id, "text").await.unwrap();
                let id = ConversationId::new(id).unwrap();
                store.read(move |db| drafts::get(db, id)).await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().as_deref(), Some("text"));
    }
}

#[tokio::test]
async fn a_closed_database_takes_nothing() {
    let temporary = temporary();
    temporary.store.close().await;
    assert_eq!(
        set_draft(&temporary.store, 1, "a").await,
        Err(StoreError::Closed)
    );
    assert_eq!(count(&temporary.store).await, Err(StoreError::Closed));
}

#[tokio::test]
async fn a_write_needs_a_transaction_and_a_read_cannot_write() {
    let temporary = temporary();
    let outcome = temporary
        .store
        .read(|db| Ok(db.execute("DELETE FROM drafts", [])?))
        .await;
    assert!(outcome.is_err());
}

/// Reads everything, as scrolling up does, and so runs into damage.
async fn read_all(store: &Store) -> Result<Vec<Message>> {
    store
        .read(|db| messages::range(db, conversation(), 1, 2_000))
        .await
}

#[tokio::test]
async fn damage_met_costs_the_cache_and_not_the_outbox() {
    let folder = filled().await;
    let path = folder.path().join("cache.db");
    let middle = fs::metadata(&path).unwrap().len() / 2;
    damage(&path, usize::try_from(middle).unwrap());

    let key = DatabaseKey::new(KEY);
    let opened = open(&path, &key, Timestamp(1)).unwrap();
    assert_eq!(opened.notice, None, "a start does not look everywhere");
    let read = read_all(&opened.store).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    // Killed here, nothing is closed.
    std::mem::forget(opened);

    let opened = open(&path, &key, Timestamp(77)).unwrap();
    assert_eq!(opened.notice, Some(Notice::CacheRebuilt));
    assert!(names(&folder).contains(&"cache.db.damaged-77".to_owned()));
    let marks = names(&folder);
    assert!(
        !marks.iter().any(|name| name.contains("suspect")),
        "{marks:?}"
    );
    let (rows, held, draft) = opened
        .store
        .read(|db| {
            Ok((
                outbox::of_conversation(db, conversation())?,
                held_ranges::list(db, conversation())?,
                drafts::get(db, conversation())?,
            ))
        })
        .await
        .unwrap();
    let kept: Vec<_> = rows.iter().map(|row| (row.id, row.state)).collect();
    let expected = [
        (unsent(1, "").id, OutboxState::Failed),
        (unsent(2, "").id, OutboxState::Queued),
    ];
    assert_eq!(kept, expected);
    assert!(rows[0].failure.is_some());
    assert_eq!(held, []);
    assert_eq!(draft.as_deref(), Some("half a thought"));
}

#[tokio::test]
async fn damage_where_every_start_looks_is_found_at_once() {
    // Beside the many conversations, the rest of the file is small.
    let Temporary { store, folder } = temporary();
    store
        .write(|tx| {
            outbox::push(tx, &unsent(1, "first"))?;
            for id in 1..=2_000 {
                let conversation = Conversation {
                    id: ConversationId::new(id).unwrap(),
                    kind: ConversationKind::Direct,
                    created_at: Timestamp(1),
                };
                conversations::upsert(tx, me(), &conversation)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    store.close().await;
    let path = folder.path().join("cache.db");
    let end = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    damage(&path, end - 2_000);
    let opened = open(&path, &DatabaseKey::new(KEY), Timestamp(1)).unwrap();
    assert_eq!(opened.notice, Some(Notice::CacheRebuilt));
    let rows = opened.store.read(|db| outbox::queued(db, 0, 9)).await;
    assert_eq!(rows.unwrap().len(), 1);
}

#[tokio::test]
async fn a_repair_that_was_cut_short_is_finished_by_the_next_start() {
    let folder = filled().await;
    let path = folder.path().join("cache.db");
    // This is what it leaves behind: the damaged file has been moved, the new one waits.
    fs::rename(&path, folder.path().join("cache.db.new")).unwrap();
    let opened = open(&path, &DatabaseKey::new(KEY), Timestamp(1)).unwrap();
    let rows = opened
        .store
        .read(|db| outbox::of_conversation(db, conversation()))
        .await;
    assert_eq!(rows.unwrap().len(), 2);
}

#[tokio::test]
async fn a_file_that_the_key_does_not_fit_is_moved_aside() {
    for spoil in ["key", "file", "beginning"] {
        let folder = filled().await;
        let path = folder.path().join("cache.db");
        let mut key = KEY;
        match spoil {
            "key" => key = [8; 32],
            "file" => fs::write(&path, vec![b'x'; 100_000]).unwrap(),
            _ => damage(&path, 100),
        }
        let opened = open(&path, &DatabaseKey::new(key), Timestamp(3)).unwrap();
        assert_eq!(
            opened.notice,
            Some(Notice::CacheRebuiltOutboxLost),
            "{spoil}"
        );
        assert!(names(&folder).contains(&"cache.db.damaged-3".to_owned()));
        set_draft(&opened.store, 1, "works").await.unwrap();
    }
}

#[tokio::test]
async fn a_false_alarm_costs_nothing() {
    let folder = filled().await;
    fs::write(folder.path().join("cache.db.suspect"), []).unwrap();
    let path = folder.path().join("cache.db");
    let opened = open(&path, &DatabaseKey::new(KEY), Timestamp(0)).unwrap();
    assert_eq!(opened.notice, None);
    drop(opened);
    assert_eq!(names(&folder), ["cache.db"]);
}

#[tokio::test]
async fn a_newer_versions_file_is_refused_and_left_alone() {
    let folder = filled().await;
    let path = folder.path().join("cache.db");
    let key = DatabaseKey::new(KEY);
    let store = open(&path, &key, Timestamp(0)).unwrap().store;
    store
        .write(|tx| {
            tx.execute(
                "INSERT INTO migrations (id, reader_version) VALUES (99990101000000, 9)",
                [],
            )?;
            Ok(())
        })
        .await
        .unwrap();
    store.close().await;
    let before = fs::read(&path).unwrap();
    let Err(error) = open(&path, &key, Timestamp(0)) else {
        panic!("it was opened");
    };
    assert_eq!(error, StoreError::Newer { found: 9, known: 1 });
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!names(&folder).iter().any(|name| name.contains("damaged")));
}

#[test]
fn a_key_reads_as_it_was_written_and_does_not_show_itself() {
    let key = DatabaseKey::new([0xa5; 32]);
    let text = key.to_hex();
    assert_eq!(text, "a5".repeat(32));
    assert_eq!(DatabaseKey::from_hex(&text).unwrap().to_hex(), text);
    for bad in [
        "",
        "a5",
        &"g5".repeat(32),
        &"喜".repeat(64),
        &"+5".repeat(32),
    ] {
        assert!(DatabaseKey::from_hex(bad).is_none(), "{bad}");
    }
    assert!(!format!("{key:?}").contains("a5"));
}

#[tokio::test]
async fn room_is_given_back_also_by_a_file_of_an_older_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let key = DatabaseKey::new(KEY);
    // As it was made before room could be given back in steps.
    let made = rusqlite::Connection::open(&path).unwrap();
    made.execute_batch(&format!(
        "PRAGMA key = \"x'{}'\"; PRAGMA journal_mode = WAL; CREATE TABLE filler (text TEXT)",
        key.to_hex()
    ))
    .unwrap();
    drop(made);
    let store = open(&path, &key, Timestamp(0)).unwrap().store;
    set_draft(&store, 1, "kept").await.unwrap();
    for round in ["written anew", "in steps"] {
        store
            .write(|tx| {
                for _ in 0..500 {
                    tx.execute("INSERT INTO filler VALUES (?1)", ["x".repeat(8_000)])?;
                }
                Ok(())
            })
            .await
            .unwrap();
        store
            .write(|tx| Ok(tx.execute("DELETE FROM filler", [])?))
            .await
            .unwrap();
        assert!(store.size_on_disk() > 4_000_000, "{round}");
        store.compact().await.unwrap();
        assert!(store.size_on_disk() < 400_000, "{round}");
    }
    assert_eq!(count(&store).await, Ok(1));
    store.close().await;
    assert_eq!(store.compact().await, Err(StoreError::Closed));
}
