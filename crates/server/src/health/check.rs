//! Looking at the parts.

use std::{sync::Arc, time::Duration};

use magpie_protocol::server::{Health, HealthStatus};
use tokio::sync::Mutex;

use crate::{
    App,
    db::{DbError, params},
};

/// A database that takes longer over one row does not answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// For how long what the database answered is told to others. Anybody may ask how the server is, and
/// must not keep the database busy by it.
const FRESH: Duration = Duration::from_secs(1);

/// How the database was when it was last looked at, and when that was.
#[derive(Default)]
pub(crate) struct LastLook(Arc<Mutex<Option<(Duration, HealthStatus)>>>);

impl LastLook {
    /// Returns how the database is, having looked at it if nobody did lately. There is one look at a
    /// time, for all who ask meanwhile.
    async fn database(&self, app: &App) -> HealthStatus {
        let mut last = Arc::clone(&self.0).lock_owned().await;
        if let Some((at, status)) = *last
            && app.clock().elapsed().saturating_sub(at) < FRESH
        {
            return status;
        }
        let app = app.clone();
        // In a task of its own: whoever asks and hangs up does not get another look begun.
        let look = tokio::spawn(async move {
            let status = look(&app).await;
            *last = Some((app.clock().elapsed(), status));
            status
        });
        look.await.unwrap_or(HealthStatus::Unavailable)
    }
}

/// Asks each part how it is. Takes hardly more than three seconds.
pub(crate) async fn check(app: &App) -> Health {
    let (database, bus) = (app.last_look().database(app).await, bus(app));
    let status = match (database, bus) {
        (HealthStatus::Ok, HealthStatus::Ok) => HealthStatus::Ok,
        (HealthStatus::Ok, _) => HealthStatus::Degraded,
        _ => HealthStatus::Unavailable,
    };
    Health {
        status,
        database,
        bus,
    }
}

async fn look(app: &App) -> HealthStatus {
    let asked = app.db().read::<i64, DbError, _>(|tx| {
        tx.one(
            "SELECT value FROM counters WHERE name = $1",
            params!["users"],
            |row| row.get(0),
        )
    });
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => HealthStatus::Ok,
        Ok(Err(_)) | Err(_) => HealthStatus::Unavailable,
    }
}

/// Returns how the bus is. The one within the process cannot fail; without the other nodes messages
/// are stored as ever and arrive late.
pub(crate) fn bus(app: &App) -> HealthStatus {
    if app.bus().is_whole() {
        HealthStatus::Ok
    } else {
        HealthStatus::Degraded
    }
}
