//! People in the database, as the operator sees them.

use magpie_protocol::{Timestamp, UserId};
use serde::Serialize;

use super::pages;
use crate::db::{DbError, Row, Tx, params};

/// Somebody who has an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) username: String,
    pub(super) nickname: String,
    pub(super) email: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) disabled_at: Option<Timestamp>,
    pub(super) invitation_id: Option<i64>,
    /// Devices that are signed in.
    pub(super) devices: u64,
    pub(super) last_seen_at: Option<Timestamp>,
}

macro_rules! people {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.username, u.nickname, u.email, u.created_at, u.disabled_at,
                    u.invitation_id,
                    (SELECT COUNT(*) FROM devices d
                     WHERE d.user_id = u.id AND d.ended_at IS NULL AND d.expires_at > $1),
                    (SELECT MAX(d.last_seen_at) FROM devices d WHERE d.user_id = u.id)
             FROM users u ",
            $rest
        )
    };
}

/// Returns the people whom `wanted` picks, by number.
pub(super) fn all(
    tx: &mut Tx<'_>,
    now: Timestamp,
    wanted: impl Fn(&Person) -> bool,
) -> Result<Vec<Person>, DbError> {
    let next = |last: Option<UserId>| {
        let after = last.map_or(0, UserId::get);
        tx.all(
            people!("WHERE u.id > $2 ORDER BY u.id LIMIT $3"),
            params![now, after, pages::PAGE],
            read,
        )
    };
    pages::collect(next, |person| person.id, wanted)
}

/// Returns whom `name` names: a number, an e-mail address or a user name.
pub(super) fn find(tx: &mut Tx<'_>, name: &str, now: Timestamp) -> Result<Option<Person>, DbError> {
    let name = name.trim().to_lowercase();
    if let Ok(id) = name.parse::<UserId>() {
        return tx.first(people!("WHERE u.id = $2"), params![now, id], read);
    }
    let sql = if name.contains('@') {
        people!("WHERE u.email_key = $2")
    } else {
        people!("WHERE u.username = $2")
    };
    tx.first(sql, params![now, name], read)
}

fn read(row: &Row<'_>) -> Result<Person, DbError> {
    Ok(Person {
        id: row.get(0)?,
        username: row.get(1)?,
        nickname: row.get(2)?,
        email: row.get(3)?,
        created_at: row.get(4)?,
        disabled_at: row.get(5)?,
        invitation_id: row.get(6)?,
        devices: row.get(7)?,
        last_seen_at: row.get(8)?,
    })
}
