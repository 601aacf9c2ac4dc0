//! Being signed in: the token pair, its refresh, the own account and its devices.

mod password;
mod tokens;

use magpie_protocol::{
    DeviceId,
    accounts::{Account, ChangePassword, Device, UpdateAccount},
    sync::Item,
};
use serde::{Deserialize, Serialize};

use crate::{Core, CoreError, sync};

pub(crate) use password::{digest, digest_of_new};
pub(crate) use tokens::{Pair, Session};

/// A device in the list of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct DeviceView {
    /// The device.
    pub device: Device,
    /// It is this one.
    pub current: bool,
}

impl Core {
    /// Changes one's own profile.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn update_account(&self, update: UpdateAccount) -> Result<Account, CoreError> {
        let asking = sync::ask(&self.shared).await?;
        let account = self.shared.api.update_account(&update).await?;
        asking.keep(vec![Item::Account(account.clone())]).await?;
        Ok(account)
    }

    /// Changes the password and signs out all other devices.
    ///
    /// # Errors
    /// [`crate::LocalCode::PasswordLength`], the server's refusal, or the reason why it could not
    /// be asked.
    pub async fn change_password(&self, old: &str, new: &str) -> Result<(), CoreError> {
        let change = ChangePassword {
            old: digest(old),
            new: digest_of_new(new)?,
        };
        self.shared.api.change_password(&change).await
    }

    /// Returns the devices that are signed in, this one first.
    ///
    /// # Errors
    /// The reason why the server could not be asked.
    pub async fn devices(&self) -> Result<Vec<DeviceView>, CoreError> {
        let here = self.shared.session.device_id();
        let devices = self.shared.api.devices().await?;
        let mut views: Vec<_> = devices
            .into_iter()
            .map(|device| DeviceView {
                current: device.id == here,
                device,
            })
            .collect();
        views.sort_by_key(|view| !view.current);
        Ok(views)
    }

    /// Signs another device out.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn end_device(&self, device_id: DeviceId) -> Result<(), CoreError> {
        self.shared.api.end_device(device_id).await
    }
}

#[cfg(test)]
mod tests;
