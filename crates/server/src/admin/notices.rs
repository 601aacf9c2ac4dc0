//! How a running server hears of sessions that were ended beside it.
//!
//! A notice is a row with a number that grows. Its number is taken under the counter's row lock and
//! so becomes visible in order: whoever has seen one has seen all before it.

use std::time::Duration;

use magpie_protocol::{DeviceId, Timestamp, UserId, frames::ServerFrame, sync::Scope};

use crate::{
    App,
    bus::Event,
    db::{DbError, Tx, params},
    sessions,
};

/// How often is looked: an ended session lives on for this long at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// For how long notices are kept: no server is cut off from its database for longer and goes on.
const KEEP_MS: i64 = 24 * 60 * 60 * 1_000;

struct Notice {
    id: i64,
    user: UserId,
    device: DeviceId,
}

/// Ends sessions of a user, all or one, and leaves notices of it. Returns how many.
///
/// # Errors
/// What the database says.
pub(super) fn end_sessions(
    tx: &mut Tx<'_>,
    user: UserId,
    only: Option<DeviceId>,
    now: Timestamp,
) -> Result<usize, DbError> {
    let devices = sessions::live_devices(tx, user, now)?;
    let devices = devices
        .into_iter()
        .filter(|device| only.is_none_or(|only| device.id == only));
    let mut ended = 0;
    for device in devices {
        let id: i64 = tx.next_id("notices")?;
        tx.execute(
            "INSERT INTO notices (id, user_id, device_id, made_at) VALUES ($1, $2, $3, $4)",
            params![id, user, device.id, now],
        )?;
        sessions::end(tx, user, device, now)?;
        ended += 1;
    }
    tx.execute(
        "DELETE FROM notices WHERE made_at < $1",
        params![now.plus_millis(-KEEP_MS)],
    )?;
    Ok(ended)
}

/// Returns the number of the last notice.
///
/// # Errors
/// What the database says.
pub(crate) fn last(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.one(
        "SELECT value FROM counters WHERE name = 'notices'",
        &[],
        |row| row.get(0),
    )
}

/// Looks for notices after number `seen`, until the server stops: closes the sockets of the devices
/// and refuses their tokens. Each server of several looks by itself.
pub(crate) async fn watch(app: App, mut seen: i64) {
    let mut works = true;
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = app.stopping().cancelled() => return,
        }
        let since = seen;
        match app.db().read(move |tx| after(tx, since)).await {
            Ok(notices) => {
                works = true;
                for notice in notices {
                    seen = notice.id;
                    heed(&app, &notice);
                }
            }
            Err(error) if works => {
                works = false;
                tracing::warn!(%error, "notices.not_read");
            }
            Err(_) => {}
        }
    }
}

fn after(tx: &mut Tx<'_>, seen: i64) -> Result<Vec<Notice>, DbError> {
    tx.all(
        "SELECT id, user_id, device_id FROM notices WHERE id > $1 ORDER BY id",
        params![seen],
        |row| {
            Ok(Notice {
                id: row.get(0)?,
                user: row.get(1)?,
                device: row.get(2)?,
            })
        },
    )
}

fn heed(app: &App, notice: &Notice) {
    tracing::info!(user = %notice.user, device = %notice.device, "session.ended_by_operator");
    app.ended_devices().insert(notice.device, app.now());
    app.bus().publish(Event::EndDevice {
        device: notice.device,
    });
    // The user's other devices list one less.
    let scope = Scope::User(notice.user);
    app.bus()
        .send(scope, &ServerFrame::Resync { scope: Some(scope) });
}
