//! The devices of a user: listing and ending them.

use axum::{extract::State, http::StatusCode};
use magpie_protocol::{
    DeviceId, ErrorBody, ErrorCode, Timestamp, UserId,
    accounts::{Device, Platform},
    routes,
    sync::{Change, Item, Scope},
};

use super::{Auth, tokens::NewRefresh};
use crate::{
    app::App,
    bus::Event,
    db::{DbError, Row, Tx, params},
    error::{AppError, Json, Path},
    sync::revisions,
};

/// The devices that are signed in.
#[utoipa::path(
    get, path = routes::DEVICES, tag = "sessions",
    responses(
        (status = 200, description = "The asker's devices, in the order they signed in", body = Vec<Device>),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    auth: Auth,
) -> Result<Json<Vec<Device>>, AppError> {
    let now = app.now();
    let mut devices = app
        .db()
        .read(move |tx| live_devices(tx, auth.user_id, now))
        .await?;
    for device in &mut devices {
        if app.bus().is_connected(device.id) {
            device.last_seen_at = now;
        }
    }
    Ok(Json(devices))
}

/// Ends a device's session; it may be the asker's own.
#[utoipa::path(
    delete, path = routes::DEVICE, tag = "sessions",
    params(("device_id" = u64, Path, description = "The device")),
    responses(
        (status = 204, description = "Ended"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn end_device(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<DeviceId>,
) -> Result<StatusCode, AppError> {
    end_one(&app, auth.user_id, id).await
}

/// Signs this device out.
#[utoipa::path(
    delete, path = routes::CURRENT_SESSION, tag = "sessions",
    responses(
        (status = 204, description = "Signed out"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn sign_out(State(app): State<App>, auth: Auth) -> Result<StatusCode, AppError> {
    end_one(&app, auth.user_id, auth.device_id).await
}

async fn end_one(app: &App, user: UserId, id: DeviceId) -> Result<StatusCode, AppError> {
    let now = app.now();
    app.db()
        .write(move |tx| {
            let device = live_devices(tx, user, now)?
                .into_iter()
                .find(|device| device.id == id)
                .ok_or(AppError::from(ErrorCode::DeviceNotFound))?;
            Ok::<_, AppError>(end(tx, user, device, now)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a device's session: its tokens are refused from the commit on, and its socket is closed.
///
/// # Errors
/// What the database says.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    user: UserId,
    device: Device,
    now: Timestamp,
) -> Result<(), DbError> {
    let scope = Scope::User(user);
    let rev = revisions::advance(tx, scope, 1)?;
    tx.execute(
        "UPDATE devices SET ended_at = $2, token_hash = NULL, previous_hash = NULL, rev = $3
         WHERE id = $1",
        params![device.id, now, rev],
    )?;
    tx.publish(Event::EndDevice { device: device.id });
    let deleted = true;
    revisions::record(tx, scope, rev, Item::Device { device, deleted });
    Ok(())
}

/// Stores a device that signs in, as a change of its user's scope.
///
/// # Errors
/// What the database says.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    user: UserId,
    device: &Device,
    refresh: &NewRefresh,
) -> Result<(), DbError> {
    let scope = Scope::User(user);
    let rev = revisions::advance(tx, scope, 1)?;
    tx.execute(
        "INSERT INTO devices (id, user_id, name, platform, created_at, last_seen_at, token_hash,
                              previous_hash, rotated_at, expires_at, ended_at, rev)
         VALUES ($1, $2, $3, $4, $5, $5, $6, NULL, $5, $7, NULL, $8)",
        params![
            device.id,
            user,
            device.name,
            platform_text(device.platform),
            device.created_at,
            refresh.hash,
            refresh.expires_at,
            rev
        ],
    )?;
    let (device, deleted) = (device.clone(), false);
    revisions::record(tx, scope, rev, Item::Device { device, deleted });
    Ok(())
}

/// Returns the devices that are signed in, in the order they signed in.
///
/// # Errors
/// What the database says.
pub(crate) fn live_devices(
    tx: &mut Tx<'_>,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Device>, DbError> {
    tx.all(
        "SELECT id, name, platform, created_at, last_seen_at FROM devices
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY id",
        params![user, now],
        |row| device_from(row, 0),
    )
}

/// Returns at most `limit` of the devices that changed after revision `since`, in revision order.
/// Being seen is no change.
///
/// # Errors
/// What the database says.
pub(crate) fn devices_since(
    tx: &mut Tx<'_>,
    user: UserId,
    since: u64,
    limit: u32,
) -> Result<Vec<Change>, DbError> {
    tx.all(
        "SELECT rev, ended_at, id, name, platform, created_at, last_seen_at FROM devices
         WHERE user_id = $1 AND rev > $2 ORDER BY rev LIMIT $3",
        params![user, since, limit],
        |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::Device {
                    deleted: row.get::<Option<Timestamp>>(1)?.is_some(),
                    device: device_from(row, 2)?,
                },
            })
        },
    )
}

/// Reads a device from the columns `id, name, platform, created_at, last_seen_at` that begin at
/// `at`.
pub(super) fn device_from(row: &Row<'_>, at: usize) -> Result<Device, DbError> {
    let platform: String = row.get(at + 2)?;
    Ok(Device {
        id: row.get(at)?,
        name: row.get(at + 1)?,
        platform: match platform.as_str() {
            "linux" => Platform::Linux,
            "macos" => Platform::Macos,
            "windows" => Platform::Windows,
            _ => Platform::Other,
        },
        created_at: row.get(at + 3)?,
        last_seen_at: row.get(at + 4)?,
    })
}

const fn platform_text(platform: Platform) -> &'static str {
    match platform {
        Platform::Linux => "linux",
        Platform::Macos => "macos",
        Platform::Windows => "windows",
        Platform::Other => "other",
    }
}
