//! Signing in and out, the own account and its devices.

use magpie_core::{
    Failure,
    home::{Credentials, Registration},
    protocol::{
        DeviceId,
        accounts::{Account, UpdateAccount},
    },
    session::DeviceView,
};
use tauri::State;

use crate::shell::Shell;

/// Makes an account, signs in and opens it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn register(
    registration: Registration,
    shell: State<'_, Shell>,
) -> Result<Account, Failure> {
    let core = shell.home().await.register(registration).await?;
    let account = core.account();
    shell.set_account(core).await;
    Ok(account)
}

/// Signs in and opens the account.
#[tauri::command]
#[specta::specta]
pub(crate) async fn sign_in(
    credentials: Credentials,
    shell: State<'_, Shell>,
) -> Result<Account, Failure> {
    let core = shell.home().await.sign_in(credentials).await?;
    let account = core.account();
    shell.set_account(core).await;
    Ok(account)
}

/// Signs out. Chats stay on the disk, encrypted.
#[tauri::command]
#[specta::specta]
pub(crate) async fn sign_out(shell: State<'_, Shell>) -> Result<(), Failure> {
    shell.sign_out().await
}

/// Removes a signed-out account and what is on the disk of it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn forget_account(key: String, shell: State<'_, Shell>) -> Result<(), Failure> {
    Ok(shell.home().await.forget(&key).await?)
}

/// Tries to connect at once.
#[tauri::command]
#[specta::specta]
pub(crate) async fn reconnect(shell: State<'_, Shell>) -> Result<(), Failure> {
    shell.core().await?.reconnect();
    Ok(())
}

/// Changes one's own profile.
#[tauri::command]
#[specta::specta]
pub(crate) async fn update_account(
    update: UpdateAccount,
    shell: State<'_, Shell>,
) -> Result<Account, Failure> {
    Ok(shell.core().await?.update_account(update).await?)
}

/// Changes the password and signs out all other devices.
#[tauri::command]
#[specta::specta]
pub(crate) async fn change_password(
    old_password: String,
    new_password: String,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell
        .core()
        .await?
        .change_password(&old_password, &new_password)
        .await?)
}

/// Returns the devices that are signed in.
#[tauri::command]
#[specta::specta]
pub(crate) async fn devices(shell: State<'_, Shell>) -> Result<Vec<DeviceView>, Failure> {
    Ok(shell.core().await?.devices().await?)
}

/// Signs another device out.
#[tauri::command]
#[specta::specta]
pub(crate) async fn end_device(
    device_id: DeviceId,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell.core().await?.end_device(device_id).await?)
}
