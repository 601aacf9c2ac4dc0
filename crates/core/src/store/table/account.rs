//! One's own account; one row.

use magpie_protocol::accounts::Account;
use rusqlite::{Connection, OptionalExtension};

use super::users;
use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    account TEXT NOT NULL
) STRICT;
";

/// Returns the account as last heard; `None` before the first time.
pub(crate) fn get(db: &Connection) -> Result<Option<Account>> {
    db.prepare_cached("SELECT account FROM account")?
        .query_row([], |row| Ok(value::from_json(row, "account")))
        .optional()?
        .transpose()
}

/// Keeps the account, and oneself among the known people.
pub(crate) fn set(tx: &Tx<'_>, account: &Account) -> Result<()> {
    users::upsert(tx, &account.user)?;
    tx.prepare_cached(
        "INSERT INTO account (one, account) VALUES (1, ?1)
         ON CONFLICT (one) DO UPDATE SET account = excluded.account",
    )?
    .execute([value::json(account)?])?;
    Ok(())
}
