//! What the domain relies on, whatever the engine. Engines come and go below [`Db`].

use std::{
    path::Path,
    sync::{Arc, mpsc},
};

use magpie_protocol::DeviceId;
use parking_lot::Mutex;
use tempfile::TempDir;

use super::*;

type Published = Arc<Mutex<Vec<Vec<Event>>>>;

fn open(folder: &Path) -> (Db, Published) {
    let published = Published::default();
    let to = Arc::clone(&published);
    let publish = move |events| to.lock().push(events);
    let db = Db::open_sqlite(&folder.join("magpie.db"), Box::new(publish)).unwrap();
    (db, published)
}

fn event(device: u64) -> Event {
    Event::EndDevice {
        device: DeviceId::new(device).unwrap(),
    }
}

fn devices(published: &Published) -> Vec<u64> {
    let batches = published.lock();
    let devices = batches.iter().flatten().map(|event| match event {
        Event::EndDevice { device } => device.get(),
        _ => 0,
    });
    devices.collect()
}

fn set(tx: &mut Tx<'_>, name: &str, value: u8) -> Result<u64, DbError> {
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($2, $1)",
        params![[value], name],
    )
}

async fn get(db: &Db, name: &'static str) -> Option<Vec<u8>> {
    db.read::<_, DbError, _>(move |tx| {
        tx.first(
            "SELECT value FROM settings WHERE name = $1",
            params![name],
            |row| row.get(0),
        )
    })
    .await
    .unwrap()
}

/// Holds the writer until the sender is used or dropped, so that what is asked meanwhile makes one
/// batch.
fn hold(db: &Db) -> mpsc::Sender<()> {
    let (go, gate) = mpsc::channel();
    let (db, gate) = (db.clone(), Mutex::new(gate));
    let (began, begun) = mpsc::channel();
    tokio::spawn(async move {
        db.write::<_, DbError, _>(move |_| {
            began.send(()).unwrap();
            let _ = gate.lock().recv();
            Ok(())
        })
        .await
    });
    begun.recv().unwrap();
    go
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_read_and_stays() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    db.write::<_, DbError, _>(|tx| set(tx, "a", 1))
        .await
        .unwrap();
    assert_eq!(get(&db, "a").await, Some(vec![1]));
    db.close().await;
    let (db, _) = open(folder.path());
    assert_eq!(get(&db, "a").await, Some(vec![1]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_a_batch_fails_alone() {
    let folder = TempDir::new().unwrap();
    let (db, published) = open(folder.path());
    let go = hold(&db);
    let write = |number: u8| {
        let db = db.clone();
        tokio::spawn(async move {
            db.write(move |tx| {
                let name = ["zero", "one", "two", "three"][usize::from(number)];
                set(tx, name, number)?;
                tx.publish(event(u64::from(number) + 1));
                match number {
                    1 => Err(DbError::NoRow("made up")),
                    2 => panic!("made up"),
                    _ => Ok(number),
                }
            })
            .await
        })
    };
    let mut answers = Vec::new();
    for number in 0..4 {
        answers.push(write(number));
        // Queued one after the other: their order is the order of the batch.
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    let mut outcomes = Vec::new();
    for answer in answers {
        outcomes.push(answer.await.unwrap());
    }
    assert!(matches!(outcomes[0], Ok(0)));
    assert!(matches!(outcomes[1], Err(DbError::NoRow(_))));
    assert!(matches!(outcomes[2], Err(DbError::Panicked)));
    assert!(matches!(outcomes[3], Ok(3)));
    assert_eq!(get(&db, "zero").await, Some(vec![0]));
    assert_eq!(get(&db, "one").await, None);
    assert_eq!(get(&db, "two").await, None);
    assert_eq!(get(&db, "three").await, Some(vec![3]));
    let mut devices = devices(&published);
    devices.sort_unstable();
    assert_eq!(devices, [1, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_together_are_committed_together() {
    let folder = TempDir::new().unwrap();
    let (db, published) = open(folder.path());
    let go = hold(&db);
    let writes: Vec<_> = (1..=100)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write::<_, DbError, _>(move |tx| {
                    tx.publish(event(number));
                    Ok(tx.stamp())
                })
                .await
            })
        })
        .collect();
    // All of them are queued when as many places are taken.
    let Engine::Sqlite(engine) = &db.engine;
    while engine.waiting().writes < 100 {
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(devices(&published).len(), 100);
    let commits = published
        .lock()
        .iter()
        .filter(|batch| !batch.is_empty())
        .count();
    assert_eq!(commits, 1);
}

#[tokio::test]
async fn stamps_grow_and_the_horizon_lies_beyond_what_is_seen() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    let stamp = async |db: &Db| {
        db.write::<_, DbError, _>(|tx| Ok(tx.stamp()))
            .await
            .unwrap()
    };
    let horizon = async |db: &Db| db.read::<_, DbError, _>(|tx| tx.horizon()).await.unwrap();
    let first = stamp(&db).await;
    assert!(horizon(&db).await > first);
    db.write::<_, DbError, _>(|tx| set(tx, "unstamped", 1))
        .await
        .unwrap();
    let second = stamp(&db).await;
    assert!(second > first);
    db.close().await;
    let (db, _) = open(folder.path());
    assert!(horizon(&db).await > second);
    assert!(stamp(&db).await > second);
}

#[tokio::test]
async fn a_read_sees_one_state_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    let written = db.read(|tx| set(tx, "a", 1)).await;
    assert!(matches!(written, Err(DbError::Sqlite(_))));
    assert_eq!(get(&db, "a").await, None);
    let stamp = db.read::<_, DbError, _>(|tx| Ok(tx.stamp())).await.unwrap();
    assert_eq!(stamp, 0);
}

#[tokio::test]
async fn rows_are_counted_and_columns_checked() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    let duplicate = db
        .write(|tx| {
            set(tx, "a", 1)?;
            set(tx, "a", 2)
        })
        .await;
    assert!(matches!(duplicate, Err(DbError::Duplicate)));
    db.write::<_, DbError, _>(|tx| set(tx, "a", 1).and(set(tx, "b", 2)))
        .await
        .unwrap();
    let one = async |sql: &'static str| {
        db.read::<String, DbError, _>(move |tx| tx.one(sql, params![], |row| row.get(0)))
            .await
    };
    assert!(matches!(
        one("SELECT name FROM settings WHERE name = 'c'").await,
        Err(DbError::NoRow(_))
    ));
    assert!(matches!(
        one("SELECT name FROM settings").await,
        Err(DbError::TooManyRows(_))
    ));
    assert!(matches!(
        one("SELECT value FROM settings WHERE name = 'a'").await,
        Err(DbError::Column(_))
    ));
    assert!(matches!(
        one("SELECT nonsense").await,
        Err(DbError::Sqlite(_))
    ));
}

#[tokio::test]
async fn many_rows_take_one_call() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    db.write_locked::<_, DbError, _>(|tx| {
        let rows = [
            params!["a", [1]].to_vec(),
            params!["b", [2]].to_vec(),
            params!["c", [3]].to_vec(),
            params!["a", [4]].to_vec(),
        ];
        let stored = tx.insert_all(
            "INSERT INTO settings (name, value) ROWS ON CONFLICT (name) DO NOTHING",
            &rows,
        )?;
        assert_eq!(stored, 3);
        let nothing: [&[Value<'_>]; 0] = [];
        assert_eq!(
            tx.insert_all("INSERT INTO settings (name, value) ROWS", &nothing)?,
            0
        );
        Ok(())
    })
    .await
    .unwrap();
    let found = db
        .read::<_, DbError, _>(|tx| {
            let name = |row: &Row<'_>| row.get::<String>(0);
            let sets = [params!["b"], params!["z"], params!["a"]];
            let named = tx.all_of("SELECT name FROM settings WHERE name = $1", &sets, name)?;
            assert_eq!(named, [vec!["b".to_owned()], vec![], vec!["a".to_owned()]]);
            let by_name = tx.all(
                "SELECT name FROM settings WHERE name = ANY($1) ORDER BY name",
                &[Value::Texts(&["c", "a", "x"])],
                name,
            )?;
            let by_value = tx.all(
                "SELECT name FROM settings WHERE value = ANY($1) ORDER BY name",
                &[Value::Blobs(&[&[2], &[9], &[4]])],
                name,
            )?;
            let by_number = tx.all(
                "SELECT name FROM counters WHERE name = $2 AND value = ANY($1)",
                &[Value::Ints(&[1, 10_000]), Value::Text("users")],
                name,
            )?;
            Ok((by_name, by_value, by_number))
        })
        .await
        .unwrap();
    assert_eq!(found.0, ["a", "c"]);
    assert_eq!(found.1, ["b"]);
    assert_eq!(found.2, ["users"]);
}

#[tokio::test]
async fn ids_are_given_in_order() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    let next = async || {
        db.write::<u64, DbError, _>(|tx| tx.next_id("users"))
            .await
            .unwrap()
    };
    assert_eq!((next().await, next().await), (10_001, 10_002));
    let unknown = db
        .write::<u64, DbError, _>(|tx| tx.next_id("unicorns"))
        .await;
    assert!(matches!(unknown, Err(DbError::NoRow(_))));
}

#[tokio::test]
async fn a_closed_database_refuses() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    let other = db.clone();
    db.close().await;
    let write = other.write(|tx| set(tx, "a", 1)).await;
    assert!(matches!(write, Err(DbError::Unavailable(_))));
    let read = other.read::<_, DbError, _>(|tx| Ok(tx.stamp())).await;
    assert!(matches!(read, Err(DbError::Unavailable(_))));
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_when_the_database_closes_is_carried_through() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    let go = hold(&db);
    let waiting = {
        let db = db.clone();
        tokio::spawn(async move { db.write(|tx| set(tx, "a", 1)).await })
    };
    let Engine::Sqlite(engine) = &db.engine;
    while engine.waiting().writes < 1 {
        tokio::task::yield_now().await;
    }
    let closing = {
        let db = db.clone();
        tokio::spawn(async move { db.close().await })
    };
    go.send(()).unwrap();
    waiting.await.unwrap().unwrap();
    closing.await.unwrap();
    let (db, _) = open(folder.path());
    assert_eq!(get(&db, "a").await, Some(vec![1]));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = TempDir::new().unwrap();
    let (db, _) = open(folder.path());
    db.write::<_, DbError, _>(|tx| {
        tx.execute(
            "INSERT INTO migrations (name) VALUES ($1)",
            params!["29991231235959_end_world"],
        )
    })
    .await
    .unwrap();
    db.close().await;
    let again = Db::open_sqlite(&folder.path().join("magpie.db"), Box::new(|_| {}));
    assert!(matches!(again, Err(DbError::Newer(name)) if name.contains("end_world")));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("magpie.db");
    std::fs::write(&path, [7; 4_096]).unwrap();
    assert!(Db::open_sqlite(&path, Box::new(|_| {})).is_err());
}
