//! A group, put into the database of a server that is stopped.

use std::path::Path;

use anyhow::Result;
use magpie_protocol::{ConversationId, UserId};
use rusqlite::{Connection, params};
use tokio_postgres::NoTls;

const NEW: &str =
    "UPDATE counters SET value = value + 1 WHERE name = 'conversations' RETURNING value";
// "activity" matters to those who were away, and here nobody is.
const CONVERSATION: &str = "INSERT INTO conversations
     (id, kind, created_at, low_user_id, high_user_id, own_rev, rev, last_seq, activity)
     VALUES ($1, 'group', 0, NULL, NULL, 1, $2, 0, 0)";
const REVISION: &str = "UPDATE users SET rev = rev + 1 WHERE id = $1";
const MEMBER: &str = "INSERT INTO members
     (conversation_id, user_id, delivered_seq, read_seq, rev, own_rev)
     SELECT $1, id, 0, 0, $3, rev FROM users WHERE id = $2";

/// Makes a group in the SQLite database of this folder.
///
/// # Errors
/// What SQLite says.
pub(super) fn in_sqlite(folder: &Path, members: &[UserId]) -> Result<ConversationId> {
    let mut connection = Connection::open(folder.join("magpie.db"))?;
    let all = connection.transaction()?;
    let id: i64 = all.query_row(NEW, [], |row| row.get(0))?;
    // To SQLite, `$1` is a name and not a number.
    let spelled = |sql: &str| sql.replace('$', "?");
    all.execute(&spelled(CONVERSATION), params![id, last_rev(members)?])?;
    for (user, rev) in members.iter().zip(2_i64..) {
        let user = user.get().cast_signed();
        all.execute(&spelled(REVISION), params![user])?;
        all.execute(&spelled(MEMBER), params![id, user, rev])?;
    }
    all.commit()?;
    Ok(ConversationId::new(id.unsigned_abs())?)
}

/// Makes a group in a PostgreSQL database.
///
/// # Errors
/// What PostgreSQL says.
pub(super) async fn in_postgres(url: &str, members: &[UserId]) -> Result<ConversationId> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let all = client.transaction().await?;
    let id: i64 = all.query_one(NEW, &[]).await?.try_get(0)?;
    all.execute(CONVERSATION, &[&id, &last_rev(members)?])
        .await?;
    for (user, rev) in members.iter().zip(2_i64..) {
        let user = user.get().cast_signed();
        all.execute(REVISION, &[&user]).await?;
        all.execute(MEMBER, &[&id, &user, &rev]).await?;
    }
    all.commit().await?;
    Ok(ConversationId::new(id.unsigned_abs())?)
}

fn last_rev(members: &[UserId]) -> Result<i64> {
    Ok(i64::try_from(members.len())? + 1)
}
