//! What the domain relies on, whatever the engine.

use std::sync::mpsc;

use magpie_protocol::DeviceId;
use parking_lot::Mutex;

use super::{Ground, Published, on_both_engines};
use crate::{
    bus::Event,
    db::{Db, DbError, Row, Tx, Value, params},
};

pub(super) fn event(device: u64) -> Event {
    Event::EndDevice {
        device: DeviceId::new(device).unwrap(),
    }
}

pub(super) fn devices(published: &Published) -> Vec<u64> {
    let batches = published.lock();
    let devices = batches.iter().flatten().map(|event| match event {
        Event::EndDevice { device } => device.get(),
        _ => 0,
    });
    devices.collect()
}

/// Tells whether the engine took exception to a statement.
fn is_refusal(error: &DbError) -> bool {
    matches!(error, DbError::Sqlite(_) | DbError::Postgres { .. })
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
pub(super) fn hold(db: &Db) -> mpsc::Sender<()> {
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

async fn what_was_written_is_read_and_stays(ground: Ground) {
    let (db, _) = ground.open();
    db.write::<_, DbError, _>(|tx| set(tx, "a", 1))
        .await
        .unwrap();
    assert_eq!(get(&db, "a").await, Some(vec![1]));
    db.close().await;
    let (db, _) = ground.open();
    assert_eq!(get(&db, "a").await, Some(vec![1]));
}

async fn one_of_a_batch_fails_alone(ground: Ground) {
    let (db, published) = ground.open();
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

async fn stamps_grow_and_the_horizon_lies_beyond_what_is_seen(ground: Ground) {
    let (db, _) = ground.open();
    let stamp = async |db: &Db| {
        db.write::<_, DbError, _>(|tx| Ok(tx.stamp()))
            .await
            .unwrap()
    };
    let horizon = async |db: &Db| db.read::<_, DbError, _>(|tx| tx.horizon()).await.unwrap();
    // PostgreSQL holds the horizon back for transactions in its other databases too.
    let beyond = async |db: &Db, stamp: i64| {
        while horizon(db).await <= stamp {
            tokio::task::yield_now().await;
        }
    };
    let first = stamp(&db).await;
    beyond(&db, first).await;
    db.write::<_, DbError, _>(|tx| set(tx, "unstamped", 1))
        .await
        .unwrap();
    let second = stamp(&db).await;
    assert!(second > first);
    db.close().await;
    let (db, _) = ground.open();
    beyond(&db, second).await;
    assert!(stamp(&db).await > second);
}

async fn a_read_sees_one_state_and_writes_nothing(ground: Ground) {
    let (db, _) = ground.open();
    let written = db.read(|tx| set(tx, "a", 1)).await;
    assert!(written.is_err_and(|error| is_refusal(&error)));
    assert_eq!(get(&db, "a").await, None);
    let stamp = db.read::<_, DbError, _>(|tx| Ok(tx.stamp())).await.unwrap();
    assert_eq!(stamp, 0);
}

async fn rows_are_counted_and_columns_checked(ground: Ground) {
    let (db, _) = ground.open();
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
    let nonsense = one("SELECT nonsense").await;
    assert!(nonsense.is_err_and(|error| is_refusal(&error)));
}

async fn many_rows_take_one_call(ground: Ground) {
    let (db, _) = ground.open();
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

async fn ids_are_given_in_order(ground: Ground) {
    let (db, _) = ground.open();
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

async fn a_closed_database_refuses(ground: Ground) {
    let (db, _) = ground.open();
    let other = db.clone();
    db.close().await;
    let write = other.write(|tx| set(tx, "a", 1)).await;
    assert!(matches!(write, Err(DbError::Unavailable(_))));
    let read = other.read::<_, DbError, _>(|tx| Ok(tx.stamp())).await;
    assert!(matches!(read, Err(DbError::Unavailable(_))));
    db.close().await;
}

async fn what_waits_when_the_database_closes_is_carried_through(ground: Ground) {
    let (db, _) = ground.open_with(1);
    let go = hold(&db);
    let waiting = {
        let db = db.clone();
        tokio::spawn(async move { db.write(|tx| set(tx, "a", 1)).await })
    };
    while db.waiting().writes < 1 {
        tokio::task::yield_now().await;
    }
    let closing = {
        let db = db.clone();
        tokio::spawn(async move { db.close().await })
    };
    go.send(()).unwrap();
    waiting.await.unwrap().unwrap();
    closing.await.unwrap();
    let (db, _) = ground.open();
    assert_eq!(get(&db, "a").await, Some(vec![1]));
}

async fn a_database_of_a_newer_version_is_refused(ground: Ground) {
    let (db, _) = ground.open();
    db.write::<_, DbError, _>(|tx| {
        tx.execute(
            "INSERT INTO migrations (name) VALUES ($1)",
            params!["29991231235959_end_world"],
        )
    })
    .await
    .unwrap();
    db.close().await;
    let again = ground.try_open(1);
    assert!(matches!(again, Err(DbError::Newer(name)) if name.contains("end_world")));
}

on_both_engines! {
    what_was_written_is_read_and_stays,
    one_of_a_batch_fails_alone,
    stamps_grow_and_the_horizon_lies_beyond_what_is_seen,
    a_read_sees_one_state_and_writes_nothing,
    rows_are_counted_and_columns_checked,
    many_rows_take_one_call,
    ids_are_given_in_order,
    a_closed_database_refuses,
    what_waits_when_the_database_closes_is_carried_through,
    a_database_of_a_newer_version_is_refused,
}
