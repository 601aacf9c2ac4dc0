//! Looking at the parts.

use std::time::Duration;

use magpie_protocol::server::{Health, HealthStatus};

use crate::{
    App,
    db::{DbError, params},
};

/// A database that takes longer over one row does not answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks each part how it is. Takes three seconds at most.
pub(crate) async fn check(app: &App) -> Health {
    let (database, bus) = (database(app).await, bus(app));
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

async fn database(app: &App) -> HealthStatus {
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
