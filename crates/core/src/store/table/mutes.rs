//! Conversations of which nothing is told for a while, on this device.

use magpie_protocol::{ConversationId, Timestamp};

use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE mutes (
    conversation_id INTEGER PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;
";

/// Keeps until when nothing is told of a conversation; none takes it back.
pub(crate) fn set(tx: &Tx<'_>, id: ConversationId, until: Option<Timestamp>) -> Result<()> {
    match until {
        Some(until) => tx
            .prepare_cached(
                "INSERT INTO mutes (conversation_id, until) VALUES (?1, ?2)
                 ON CONFLICT (conversation_id) DO UPDATE SET until = excluded.until",
            )?
            .execute((value::int(id.get()), until.0))?,
        None => tx
            .prepare_cached("DELETE FROM mutes WHERE conversation_id = ?1")?
            .execute([value::int(id.get())])?,
    };
    Ok(())
}
