//! The devices that were ended while access tokens of theirs may still be about.

use std::collections::HashMap;

use magpie_protocol::{DeviceId, Timestamp};
use parking_lot::RwLock;

use crate::db::{DbError, Tx, params};

/// Remembers each ended device for as long as an access token is taken. So an ended session is
/// refused at once, without a look into the database at each request.
#[derive(Debug)]
pub(crate) struct EndedDevices {
    keep_millis: i64,
    devices: RwLock<HashMap<DeviceId, Timestamp>>,
}

impl EndedDevices {
    /// Starts with the devices in `devices`, and keeps each for `keep_millis`.
    pub(crate) fn new(keep_millis: i64, devices: Vec<(DeviceId, Timestamp)>) -> Self {
        Self {
            keep_millis,
            devices: RwLock::new(devices.into_iter().collect()),
        }
    }

    /// Remembers a device that was ended `now`.
    pub(crate) fn insert(&self, device: DeviceId, now: Timestamp) {
        let mut devices = self.devices.write();
        devices.retain(|_, ended| now.millis_since(*ended) <= self.keep_millis);
        devices.insert(device, now);
    }

    /// Tells whether the device was ended.
    pub(crate) fn contains(&self, device: DeviceId) -> bool {
        self.devices.read().contains_key(&device)
    }
}

/// Reads the devices that were ended since `since`.
///
/// # Errors
/// What the database says.
pub(crate) fn load(
    tx: &mut Tx<'_>,
    since: Timestamp,
) -> Result<Vec<(DeviceId, Timestamp)>, DbError> {
    tx.all(
        "SELECT id, ended_at FROM devices WHERE ended_at >= $1",
        params![since],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_forgotten_when_their_tokens_have_run_out() {
        let ended = EndedDevices::new(1_000, vec![]);
        let device = |id| DeviceId::new(id).unwrap();
        ended.insert(device(1), Timestamp(0));
        ended.insert(device(2), Timestamp(1_000));
        assert!(ended.contains(device(1)) && ended.contains(device(2)));
        ended.insert(device(3), Timestamp(1_001));
        assert!(!ended.contains(device(1)) && ended.contains(device(2)));
    }
}
