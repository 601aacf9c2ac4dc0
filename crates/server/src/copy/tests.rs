//! Copies that go wrong, and on.

use tempfile::TempDir;

use super::*;

fn open(folder: &TempDir, name: &str) -> Db {
    Db::open_sqlite(&folder.path().join(name), Box::new(drop)).unwrap()
}

async fn fill(db: &Db, people: i64) {
    db.write::<_, DbError, _>(move |tx| {
        for id in 1..=people {
            let name = format!("name{id}");
            tx.execute(
                "INSERT INTO users (id, username, nickname, nickname_key, signature, gender,
                 region, password, created_at, rev, account_rev)
                 VALUES ($1, $2, $2, $2, '', '', '', '', 1, 1, 1)",
                params![id, name],
            )?;
        }
        tx.execute(
            "INSERT INTO settings (name, value) VALUES ('keys', $1)",
            params![[7_u8; 4]],
        )
        .map(drop)
    })
    .await
    .unwrap();
}

async fn under_way(db: &Db) -> bool {
    db.read::<_, DbError, _>(is_under_way).await.unwrap()
}

/// Copies until the second page of people has been stored.
async fn break_off(from: &Db, to: &Db) {
    let (broken, wait) = tokio::sync::oneshot::channel();
    let mut broken = Some(broken);
    let copying = copy(from, to, |progress| {
        if progress.table == "users"
            && progress.done == 2_000
            && let Some(broken) = broken.take()
        {
            broken.send(()).unwrap();
        }
    });
    tokio::select! {
        biased;
        told = wait => told.unwrap(),
        done = copying => panic!("{done:?}"),
    }
}

#[tokio::test]
async fn a_copy_that_was_broken_off_goes_on_where_it_was() {
    let folder = TempDir::new().unwrap();
    let (from, to) = (open(&folder, "from"), open(&folder, "to"));
    fill(&from, 3_500).await;
    break_off(&from, &to).await;
    assert!(under_way(&to).await);

    let mut first = None;
    let sums = copy(&from, &to, |progress| {
        if progress.table == "users" {
            first.get_or_insert(progress);
        }
    })
    .await
    .unwrap();
    // A page more may have been under way.
    assert!(first.unwrap().done >= 2_000);
    assert!(sums.contains(&("users", 3_500)), "{sums:?}");
    assert!(!under_way(&to).await);
    let keys = to.read::<_, DbError, _>(settings).await.unwrap();
    assert_eq!(keys, [("keys".to_owned(), vec![7; 4])]);
}

#[tokio::test]
async fn a_row_that_differs_is_found() {
    let folder = TempDir::new().unwrap();
    let (from, to) = (open(&folder, "from"), open(&folder, "to"));
    fill(&from, 3_500).await;
    break_off(&from, &to).await;
    to.write::<_, DbError, _>(|tx| {
        tx.execute("UPDATE users SET region = 'elsewhere' WHERE id = 17", &[])
    })
    .await
    .unwrap();
    let error = copy(&from, &to, drop).await.unwrap_err();
    let found = matches!(
        error,
        CopyError::Differs {
            table: "users",
            source_rows: 3_500,
            target_rows: 3_500
        }
    );
    assert!(found, "{error}");
    assert!(under_way(&to).await);
}

#[tokio::test]
async fn nothing_is_mixed_with_what_is_there() {
    let folder = TempDir::new().unwrap();
    let (from, to) = (open(&folder, "from"), open(&folder, "to"));
    fill(&from, 2_500).await;
    fill(&to, 1).await;
    let error = copy(&from, &to, drop).await.unwrap_err();
    assert!(matches!(error, CopyError::NotEmpty), "{error}");

    let to = open(&folder, "begun");
    break_off(&from, &to).await;
    let other = open(&folder, "other");
    let error = copy(&other, &to, drop).await.unwrap_err();
    assert!(matches!(error, CopyError::OtherSource), "{error}");
}

#[tokio::test]
async fn stamps_go_on_where_they_were() {
    let folder = TempDir::new().unwrap();
    let (from, to) = (open(&folder, "from"), open(&folder, "to"));
    for _ in 0..5 {
        from.write::<_, DbError, _>(|tx| {
            tx.stamp();
            Ok(())
        })
        .await
        .unwrap();
    }
    let told = from.read::<_, DbError, _>(|tx| tx.horizon()).await.unwrap();
    copy(&from, &to, drop).await.unwrap();
    to.close().await;
    let to = open(&folder, "to");
    let next = to
        .write::<_, DbError, _>(|tx| Ok(tx.stamp()))
        .await
        .unwrap();
    assert!(next >= told, "{next} < {told}");
}
