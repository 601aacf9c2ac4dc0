//! When a device was last connected.

use magpie_protocol::DeviceId;

use crate::{
    app::App,
    db::{DbError, Value, params},
};

/// By how much the stored time at which a device was last seen may lag behind: one that comes and
/// goes costs no more than one write in this time.
const SEEN_LAG_MS: i64 = 60_000;

/// The most devices that are noted with one statement.
const BATCH: usize = 256;

/// Remembers that a device is connected, or was until now; soon, together with others. Being seen
/// is no change of its user's scope.
pub(crate) fn note_seen(app: &App, id: DeviceId) {
    if app.seen().put(id) {
        app.tasks().spawn(write(app.clone()));
    }
}

async fn write(app: App) {
    loop {
        let devices = app.seen().take(BATCH, |_| 1);
        if devices.is_empty() {
            return;
        }
        let now = app.now();
        let mut ids: Vec<i64> = devices.iter().map(|id| id.get().cast_signed()).collect();
        ids.sort_unstable();
        let noted = app
            .db()
            .write_locked::<_, DbError, _>(move |tx| {
                let before = now.plus_millis(-SEEN_LAG_MS);
                let [now, before] = *params![now, before];
                tx.execute(
                    "UPDATE devices SET last_seen_at = $2
                     WHERE id = ANY($1) AND last_seen_at < $3 AND ended_at IS NULL",
                    &[Value::Ints(&ids), now, before],
                )
            })
            .await;
        if let Err(error) = noted {
            tracing::debug!(%error, devices = devices.len(), "devices.not_noted");
        }
    }
}
