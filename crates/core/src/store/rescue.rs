//! What is saved of a damaged database: what the server does not have.

use std::path::Path;

use magpie_protocol::ConversationId;
use rusqlite::Connection;

use super::{
    DatabaseKey, Result, Tx,
    open::connect,
    table::{
        drafts,
        outbox::{self, OutboxRow},
    },
};

/// What could be read.
#[derive(Debug, Default)]
pub(super) struct Saved {
    outbox: Vec<OutboxRow>,
    drafts: Vec<(ConversationId, String)>,
    /// The outbox could be read to its end.
    pub(super) complete: bool,
}

/// Reads what can be read.
pub(super) fn read(path: &Path, key: &DatabaseKey) -> Saved {
    let mut saved = Saved::default();
    match connect(path, key, false) {
        Ok(db) => {
            saved.complete = match read_outbox(&db, &mut saved.outbox) {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(%error, "not all unsent messages could be saved");
                    false
                }
            };
            saved.drafts = drafts::list(&db).unwrap_or_default();
        }
        Err(error) => tracing::warn!(%error, "nothing of the damaged database could be saved"),
    }
    saved
}

/// Writes what was read into a new database, in the same order.
pub(super) fn write(connection: &mut Connection, saved: &Saved) -> Result<()> {
    let transaction = connection.transaction()?;
    let tx = Tx::of(&transaction);
    for row in &saved.outbox {
        outbox::push(&tx, row)?;
    }
    for (id, text) in &saved.drafts {
        drafts::set(&tx, *id, text)?;
    }
    Ok(transaction.commit()?)
}

/// Keeps each row as soon as it is read, so that damage behind it does not cost it.
fn read_outbox(db: &Connection, rows: &mut Vec<OutboxRow>) -> Result<()> {
    let mut statement = db.prepare("SELECT * FROM outbox ORDER BY position")?;
    for row in statement.query_and_then([], outbox::read)? {
        rows.push(row?);
    }
    Ok(())
}
