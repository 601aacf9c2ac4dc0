//! What PostgreSQL does to us, and others who use it.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    Ground,
    cable::Cable,
    contract::{devices, event},
};
use crate::{
    db::{DatabaseAddress, Db, DbError, Tx, params},
    testing::{Database, Postgres},
};

fn is_unavailable<T>(answer: &Result<T, DbError>) -> bool {
    matches!(answer, Err(DbError::Unavailable(_)))
}

fn add(tx: &mut Tx<'_>, name: &str) -> Result<u64, DbError> {
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2)",
        params![name, [1]],
    )
}

async fn names(db: &Db) -> Vec<String> {
    db.read::<_, DbError, _>(|tx| {
        tx.all(
            "SELECT name FROM settings WHERE name LIKE 'n%' ORDER BY name",
            &[],
            |row| row.get(0),
        )
    })
    .await
    .unwrap()
}

async fn counter(db: &Db, name: &'static str) -> i64 {
    db.read::<_, DbError, _>(move |tx| {
        tx.one(
            "SELECT value FROM counters WHERE name = $1",
            params![name],
            |row| row.get(0),
        )
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_done_once_however_often_connections_break() {
    let ground = Ground::postgres();
    let (db, published) = ground.open();
    let writes: Vec<_> = (1..=300_u64)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write_locked::<_, DbError, _>(move |tx| {
                    tx.next_id::<i64>("devices")?;
                    tx.publish(event(number));
                    add(tx, &format!("n{number:03}"))
                })
                .await
            })
        })
        .collect();
    let database = ground.database.as_ref().unwrap();
    while db.pool().unwrap().lost < 6 {
        tokio::task::block_in_place(|| database.break_connections().unwrap());
        if db.waiting().writes == 0 {
            break;
        }
    }
    for write in writes {
        assert_eq!(write.await.unwrap().unwrap(), 1);
    }
    assert!(db.pool().unwrap().lost > 0);
    assert_eq!(names(&db).await.len(), 300);
    assert_eq!(counter(&db, "devices").await, 300);
    let mut published = devices(&published);
    published.sort_unstable();
    assert_eq!(published, (1..=300).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_want_the_same_row_each_gets_it() {
    let ground = Ground::postgres();
    let (db, _) = ground.open();
    let writes: Vec<_> = (1..=400)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write::<_, DbError, _>(move |tx| {
                    // Long enough for the others to come in between.
                    let before: i64 = tx.one(
                        "SELECT value FROM counters WHERE name = 'devices'",
                        params![],
                        |row| row.get(0),
                    )?;
                    std::thread::sleep(std::time::Duration::from_millis(2));
                    add(tx, &format!("n{number:03}"))?;
                    let now = tx.next_id::<i64>("devices")?;
                    Ok(now - before)
                })
                .await
            })
        })
        .collect();
    for write in writes {
        assert_eq!(write.await.unwrap().unwrap(), 1);
    }
    assert_eq!(counter(&db, "devices").await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_nothing_that_was_answered() {
    let postgres = Postgres::start().unwrap();
    let ground = Ground::postgres_in(Database::create_at(&postgres).unwrap());
    let (db, _) = ground.open();
    let answered = Arc::new(AtomicUsize::new(0));
    let write = |number: usize| {
        let (db, answered) = (db.clone(), Arc::clone(&answered));
        tokio::spawn(async move {
            let written = db
                .write_locked::<_, DbError, _>(move |tx| add(tx, &format!("n{number:04}")))
                .await;
            answered.fetch_add(1, Ordering::SeqCst);
            (number, written)
        })
    };
    let mut writes: Vec<_> = (0..400).map(write).collect();
    while answered.load(Ordering::SeqCst) < 20 {
        tokio::task::yield_now().await;
    }
    tokio::task::block_in_place(|| {
        postgres.kill().unwrap();
        postgres.start_again().unwrap();
    });
    while db.health().await.is_err() {
        tokio::task::yield_now().await;
    }
    writes.extend((400..500).map(write));
    let mut kept = Vec::new();
    for write in writes {
        let (number, written) = write.await.unwrap();
        match written {
            Ok(_) => kept.push(format!("n{number:04}")),
            refused => assert!(is_unavailable(&refused), "{refused:?}"),
        }
    }
    assert!(kept.len() >= 120, "{}", kept.len());
    assert_eq!(names(&db).await, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_without_our_knowing_is_published_when_it_is_known() {
    let postgres = Postgres::start_on_loopback().unwrap();
    let database = Database::create_at(&postgres).unwrap();
    let cable = Cable::lay(postgres.address().unwrap());
    let url = format!(
        "postgres://postgres@{}/{}",
        cable.address(),
        database.name()
    );
    let address: DatabaseAddress = url.parse().unwrap();
    let ground = Ground {
        place: address.place().clone(),
        _folder: None,
        database: Some(database),
    };
    let (db, published) = ground.open_with(1);
    cable.lose_the_next_answer();
    let answer = db
        .write_locked::<_, DbError, _>(|tx| {
            tx.publish(event(7));
            add(tx, "n1")
        })
        .await;
    assert!(cable.is_cut() && is_unavailable(&answer), "{answer:?}");
    assert!(devices(&published).is_empty());
    cable.mend();
    while devices(&published).is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(devices(&published), [7]);
    assert_eq!(names(&db).await, ["n1"]);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_said_to_be_and_found_again() {
    let postgres = Postgres::start().unwrap();
    let ground = Ground::postgres_in(Database::create_at(&postgres).unwrap());
    let (db, _) = ground.open();
    db.health().await.unwrap();
    tokio::task::block_in_place(|| postgres.stop().unwrap());
    assert!(is_unavailable(&db.health().await));
    // It is known to be gone by now, so nobody waits long.
    let answered = tokio::time::timeout(Duration::from_secs(2), db.health());
    assert!(is_unavailable(&answered.await.unwrap()));
    tokio::task::block_in_place(|| postgres.start_again().unwrap());
    while db.health().await.is_err() {
        tokio::task::yield_now().await;
    }
    db.write::<_, DbError, _>(|tx| add(tx, "n")).await.unwrap();
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_in_each_others_way_all_get_through() {
    let ground = Ground::postgres();
    let (db, _) = ground.open_with(8);
    let writes: Vec<_> = (0..100)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write::<_, DbError, _>(|tx| {
                    let read = "SELECT value FROM counters WHERE name = 'devices'";
                    let value: i64 = tx.one(read, &[], |row| row.get(0))?;
                    tx.execute(
                        "UPDATE counters SET value = $1 WHERE name = 'devices'",
                        params![value + 1],
                    )
                })
                .await
            })
        })
        .collect();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(counter(&db, "devices").await, 100);
    assert!(db.pool().unwrap().retries > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_those_who_want_the_same_key_the_later_find_it_taken() {
    let ground = Ground::postgres();
    let (db, _) = ground.open_with(4);
    for round in 0..20 {
        let claims: Vec<_> = (0..4)
            .map(|_| {
                let db = db.clone();
                let claim = move |tx: &mut Tx<'_>| {
                    let name = format!("n{round}");
                    let there = "SELECT 1 FROM settings WHERE name = $1";
                    match tx.first(there, params![name], |_| Ok(()))? {
                        Some(()) => Ok(false),
                        None => add(tx, &name).map(|_| true),
                    }
                };
                tokio::spawn(async move {
                    if round % 2 == 0 {
                        db.write_locked::<_, DbError, _>(claim).await
                    } else {
                        db.write::<_, DbError, _>(claim).await
                    }
                })
            })
            .collect();
        let mut won = 0;
        for claim in claims {
            won += u32::from(claim.await.unwrap().unwrap());
        }
        assert_eq!(won, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_resolved() {
    let ground = Ground::postgres();
    let (db, _) = ground.open_with(2);
    let meet = Arc::new(Barrier::new(2));
    let write = |rows: [&'static str; 2]| {
        let (db, meet) = (db.clone(), meet.clone());
        let met = AtomicBool::new(false);
        tokio::spawn(async move {
            db.write_locked::<_, DbError, _>(move |tx| {
                tx.next_id::<i64>(rows[0])?;
                // Only the first time: whoever is rolled back comes again alone.
                if !met.swap(true, Ordering::SeqCst) {
                    meet.wait();
                }
                tx.next_id::<i64>(rows[1])
            })
            .await
        })
    };
    let one = write(["users", "devices"]);
    let other = write(["devices", "users"]);
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert_eq!(counter(&db, "users").await, 10_002);
    assert_eq!(counter(&db, "devices").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closure_that_passes_over_an_error_is_not_told_that_all_is_well() {
    let ground = Ground::postgres();
    let (db, _) = ground.open();
    let passed_over = db
        .write::<_, DbError, _>(|tx| {
            add(tx, "n1")?;
            let _ = add(tx, "n1");
            Ok(())
        })
        .await;
    assert!(matches!(passed_over, Err(DbError::Duplicate)));
    assert!(names(&db).await.is_empty());
}

#[tokio::test]
async fn servers_that_start_at_once_do_not_disturb_each_other() {
    let ground = Ground::postgres();
    let opened = thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| ground.try_open(1))).collect();
        let opened = starts.into_iter().map(|start| start.join().unwrap());
        opened.collect::<Vec<_>>()
    });
    for db in opened {
        db.unwrap().health().await.unwrap();
    }
}

#[tokio::test]
async fn stamps_pass_those_that_came_from_elsewhere() {
    const FOREIGN: i64 = 40_000_000_000;
    let ground = Ground::postgres();
    let (db, _) = ground.open();
    db.close().await;
    let database = ground.database.as_ref().unwrap();
    database
        .execute(&format!(
            "INSERT INTO conversations (id, kind, created_at, own_rev, rev, last_seq, activity)
             VALUES (1, 'group', 0, 1, 1, 0, {FOREIGN})"
        ))
        .unwrap();
    let stamp = async || {
        let (db, _) = ground.open();
        let stamp = db
            .write::<_, DbError, _>(|tx| Ok(tx.stamp()))
            .await
            .unwrap();
        let horizon = db.read::<_, DbError, _>(|tx| tx.horizon()).await.unwrap();
        db.close().await;
        assert!(horizon > FOREIGN, "{horizon}");
        stamp
    };
    let first = stamp().await;
    assert!(first > FOREIGN, "{first}");
    // Once is enough.
    let second = stamp().await;
    assert!(second > first && second < first + 1_000_000, "{second}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_the_password() {
    let address: DatabaseAddress = "postgres://magpie:s3cret@127.0.0.1:1/magpie"
        .parse()
        .unwrap();
    let refused = Db::open(address.place(), 1, Box::new(drop)).err().unwrap();
    assert!(matches!(refused, DbError::Unavailable(_)));
    assert!(!format!("{refused} {refused:?}").contains("s3cret"));
}
