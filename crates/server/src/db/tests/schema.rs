//! Both engines end up with the same tables, columns, indexes and references.

use super::Ground;
use crate::db::{Db, DbError};

/// One line for each thing; the statements of both engines make the same lines.
const SQLITE: [&str; 4] = [
    "SELECT t.name || '.' || c.name || ' ' || lower(c.type) || CASE c.\"notnull\" WHEN 1 THEN ' not null' ELSE '' END
     FROM sqlite_master t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    "SELECT t.name || ': ' || CASE i.origin WHEN 'c' THEN i.name ELSE i.origin END
            || CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END
            || (SELECT group_concat(' ' || k.name, '') FROM
                (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) k)
     FROM sqlite_master t JOIN pragma_index_list(t.name) i
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    "SELECT t.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\"
     FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
    "SELECT name || ' = ' || value FROM counters",
];

const POSTGRES: [&str; 4] = [
    "SELECT t.relname || '.' || c.attname || ' ' || format_type(c.atttypid, c.atttypmod)
            || CASE WHEN c.attnotnull THEN ' not null' ELSE '' END
     FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0
     WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace",
    "SELECT t.relname || ': ' || COALESCE(CASE n.contype WHEN 'p' THEN 'pk' ELSE n.contype::text END, i.relname)
            || CASE WHEN x.indisunique THEN ' unique' ELSE '' END
            || (SELECT string_agg(' ' || c.attname, '' ORDER BY k.place)
                FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (number, place)
                JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = k.number)
     FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
     LEFT JOIN pg_constraint n ON n.conindid = i.oid AND n.contype IN ('p', 'u')
     WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace",
    "SELECT t.relname || '.' || c.attname || ' -> ' || o.relname || '.' || d.attname
     FROM pg_constraint n JOIN pg_class t ON t.oid = n.conrelid JOIN pg_class o ON o.oid = n.confrelid
     JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = n.conkey[1]
     JOIN pg_attribute d ON d.attrelid = o.oid AND d.attnum = n.confkey[1]
     WHERE n.contype = 'f'",
    "SELECT name || ' = ' || value::text FROM counters",
];

async fn lines(db: &Db, sql: &'static str) -> Vec<String> {
    let mut lines: Vec<String> = db
        .read::<_, DbError, _>(move |tx| tx.all(sql, &[], |row| row.get(0)))
        .await
        .unwrap();
    lines.sort();
    lines
}

#[tokio::test]
async fn both_engines_end_with_the_same_schema() {
    let (sqlite, _) = Ground::sqlite().open();
    let ground = Ground::postgres();
    let (postgres, _) = ground.open();
    for (one, other) in SQLITE.into_iter().zip(POSTGRES) {
        let expected = lines(&sqlite, one).await;
        assert!(!expected.is_empty(), "{one}");
        assert_eq!(lines(&postgres, other).await, expected, "{other}");
    }
}

#[tokio::test]
async fn texts_are_compared_by_their_bytes() {
    let ground = Ground::postgres();
    let (db, _) = ground.open();
    let others = lines(
        &db,
        "SELECT t.relname || '.' || c.attname FROM pg_class t
         JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0
         JOIN pg_collation o ON o.oid = c.attcollation
         WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace AND o.collname <> 'C'",
    )
    .await;
    assert!(others.is_empty(), "{others:?}");
}
