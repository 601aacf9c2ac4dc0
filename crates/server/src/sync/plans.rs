//! The statements that run most find what they want by an index.

use crate::{
    conversations,
    db::{Db, DbError, Value},
    messages,
};

fn parameters(sql: &str) -> usize {
    (1..).take_while(|n| sql.contains(&format!("${n}"))).count()
}

#[tokio::test]
async fn hot_statements_scan_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plans.db");
    let db = Db::open_sqlite(&path, Box::new(|_| {})).unwrap();
    for sql in messages::HOT.into_iter().chain(conversations::HOT) {
        // A statement has to live as long as the program; this one is a test.
        let explain: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
        let plan: Vec<String> = db
            .read::<_, DbError, _>(move |tx| {
                let params = vec![Value::Int(1); parameters(sql)];
                tx.all(explain, &params, |row| row.get(3))
            })
            .await
            .unwrap();
        assert!(plan.iter().any(|step| step.starts_with("SEARCH")), "{sql}");
        // SQLite goes through a list that it is given as through a table.
        let scans = |step: &String| step.contains("SCAN") && !step.contains("SCAN rarray");
        assert!(!plan.iter().any(scans), "{plan:#?} of {sql}");
        assert!(
            sql.contains("ORDER BY c.id") || !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{plan:#?} of {sql}"
        );
    }
    db.close().await;
}

/// PostgreSQL reads a table as a whole only where nothing else is left to it, for connections tell
/// it so.
#[cfg(unix)]
#[tokio::test]
async fn hot_statements_find_an_index_in_postgres() {
    let database = crate::testing::Database::create().unwrap();
    let address: crate::db::DatabaseAddress = database.url().parse().unwrap();
    let db = Db::open(address.place(), 1, Box::new(drop)).unwrap();
    for sql in messages::HOT.into_iter().chain(conversations::HOT) {
        let nulls = vec!["NULL"; parameters(sql)].join(", ");
        let prepare: &'static str = format!("PREPARE hot AS {sql}").leak();
        let explain: &'static str = format!("EXPLAIN EXECUTE hot ({nulls})").leak();
        let plan: Vec<String> = db
            .read::<_, DbError, _>(move |tx| {
                tx.execute(prepare, &[])?;
                let plan = tx.all(explain, &[], |row| row.get(0))?;
                tx.execute("DEALLOCATE hot", &[])?;
                Ok(plan)
            })
            .await
            .unwrap();
        assert!(
            plan.iter().any(|step| step.contains("Index Scan")
                || step.contains("Index Only Scan")
                || step.contains("Bitmap Index Scan")),
            "{plan:#?} of {sql}"
        );
        assert!(
            !plan.iter().any(|step| step.contains("Seq Scan")),
            "{plan:#?} of {sql}"
        );
    }
    db.close().await;
}
