//! What only SQLite does.

use tempfile::TempDir;

use super::{
    Ground,
    contract::{devices, event, hold},
};
use crate::db::{Db, DbError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_together_are_committed_together() {
    let (db, published) = Ground::sqlite().open();
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
    while db.waiting().writes < 100 {
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

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("magpie.db");
    std::fs::write(&path, [7; 4_096]).unwrap();
    assert!(Db::open_sqlite(&path, Box::new(|_| {})).is_err());
}
