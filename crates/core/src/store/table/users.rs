//! People known here: oneself, friends, members, those who asked.

use magpie_protocol::{UserId, accounts::User};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    nickname TEXT NOT NULL,
    signature TEXT NOT NULL,
    gender TEXT NOT NULL,
    region TEXT NOT NULL
) STRICT;
";

/// The columns that [`read`] reads, of a table or alias `u`.
pub(super) const COLUMNS: &str = "u.id, u.username, u.nickname, u.signature, u.gender, u.region";

/// Returns somebody; `None` when they are not known here.
pub(crate) fn get(db: &Connection, id: UserId) -> Result<Option<User>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM users u WHERE u.id = ?1"))?
        .query_row([value::int(id.get())], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// Keeps somebody as last heard; tells whether that was news.
pub(crate) fn upsert(tx: &Tx<'_>, user: &User) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "INSERT INTO users (id, username, nickname, signature, gender, region)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET
                 username = excluded.username, nickname = excluded.nickname,
                 signature = excluded.signature, gender = excluded.gender, region = excluded.region
             WHERE (username, nickname, signature, gender, region) IS NOT
                 (excluded.username, excluded.nickname, excluded.signature, excluded.gender,
                  excluded.region)",
        )?
        .execute((
            value::int(user.id.get()),
            &user.username,
            &user.nickname,
            &user.signature,
            value::word(&user.gender)?,
            &user.region,
        ))?;
    Ok(changed > 0)
}

/// Reads the columns of [`COLUMNS`], which stand first in the statement: looking up columns by name
/// would be felt in a long list.
pub(super) fn read(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: value::user_id(row, 0)?,
        username: row.get(1)?,
        nickname: row.get(2)?,
        signature: row.get(3)?,
        gender: value::from_word(row, 4)?,
        region: row.get(5)?,
    })
}

/// As [`read`], for a person who may be absent from an outer join.
pub(super) fn maybe_read(row: &Row<'_>) -> Result<Option<User>> {
    value::maybe_user_id(row, 0)?.map(|_| read(row)).transpose()
}
