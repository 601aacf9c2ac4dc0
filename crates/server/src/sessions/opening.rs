//! Opening a session: what registering and signing in have in common.

use magpie_protocol::{
    DeviceId, ErrorCode, Timestamp,
    accounts::{Account, Device},
    limits::DEVICE_NAME_CHARS,
    names,
    sessions::{NewDevice, SignedIn},
};

use super::devices;
use crate::{App, AppError, db::Tx};

/// Returns the device with its name trimmed.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`] when the name is too long or deceptive.
pub(crate) fn check_device(device: NewDevice) -> Result<NewDevice, AppError> {
    let name = device.name.trim().to_owned();
    if name.chars().count() > DEVICE_NAME_CHARS || names::has_deceptive(&name) {
        return Err(AppError::new(
            ErrorCode::InvalidRequest,
            "a device's name has up to 64 characters, none of them invisible",
        ));
    }
    Ok(NewDevice { name, ..device })
}

/// A session that is about to be opened.
pub(crate) struct Opening {
    app: App,
    device: NewDevice,
    now: Timestamp,
}

impl Opening {
    /// Prepares a session on a device that [`check_device`] has passed.
    pub(crate) fn new(app: &App, device: NewDevice) -> Self {
        Self {
            app: app.clone(),
            device,
            now: app.now(),
        }
    }

    /// Returns when the session begins.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Stores the device and gives it its tokens.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) fn open(&self, tx: &mut Tx<'_>, account: Account) -> Result<SignedIn, AppError> {
        let (app, now) = (&self.app, self.now);
        let user_id = account.user.id;
        let id: DeviceId = tx.next_id("devices")?;
        let refresh = app.tokens().refresh(id, now, app.random())?;
        let device = Device {
            id,
            name: self.device.name.clone(),
            platform: self.device.platform,
            created_at: now,
            last_seen_at: now,
        };
        devices::insert(tx, user_id, &device, &refresh)?;
        let tokens = app.tokens().pair(user_id, id, refresh, now)?;
        Ok(SignedIn {
            account,
            device,
            tokens,
        })
    }
}
