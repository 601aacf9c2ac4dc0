//! The statements that run most find what they want by an index.

use crate::{
    conversations,
    db::{Db, DbError, Value},
    messages,
};

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
                let count = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
                tx.all(explain, &vec![Value::Int(1); count], |row| row.get(3))
            })
            .await
            .unwrap();
        assert!(plan.iter().any(|step| step.starts_with("SEARCH")), "{sql}");
        assert!(
            !plan.iter().any(|step| step.contains("SCAN")),
            "{plan:#?} of {sql}"
        );
        assert!(
            sql.contains("ORDER BY c.id") || !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{plan:#?} of {sql}"
        );
    }
    db.close().await;
}
