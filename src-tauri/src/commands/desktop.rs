//! The app as a program on a desktop: its windows, how it closes, what is told of, the app lock.

use magpie_core::{
    CoreError, Failure, LocalCode,
    home::AccountLine,
    protocol::ConversationId,
    settings::{CloseBehaviour, Pause, Settings},
};
use tauri::{AppHandle, State, WebviewWindow};

use crate::{desktop::Desktop, engine, shell::Shell, windows};

/// Says that the main window's page shows what it is told to: links, requests and the like that came
/// before are told now. To be called once, when somebody is signed in or is to sign in.
#[tauri::command]
#[specta::specta]
pub(crate) async fn page_ready(
    window: WebviewWindow,
    desktop: State<'_, Desktop>,
) -> Result<(), Failure> {
    if window.label() == windows::MAIN {
        desktop.told().page_listens();
        engine::check_spelling(&window, desktop.engine());
    }
    Ok(())
}

/// Says what closing the window does; to ask stands for leaving everything as it is.
#[tauri::command]
#[specta::specta]
pub(crate) async fn answer_close(
    how: CloseBehaviour,
    remember: bool,
    app: AppHandle,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    if remember && how != CloseBehaviour::Ask {
        let home = shell.home().await;
        home.change_settings(move |settings| settings.close = how)
            .await?;
    }
    windows::close_answered(&app, how);
    Ok(())
}

/// Shows a conversation in a window of its own.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pop_out(
    conversation_id: ConversationId,
    app: AppHandle,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    let list = shell.core().await?.conversations().await?;
    let item = list.items.iter().find(|item| item.id == conversation_id);
    let title = item.map_or("Magpie", |item| item.title.as_str());
    windows::pop_out(&app, conversation_id, title)
        .map_err(|error| CoreError::local(LocalCode::Internal, error.to_string()).into())
}

/// Says which conversation is on the screen of this window, and whether somebody looks.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_view(
    window: WebviewWindow,
    conversation_id: Option<ConversationId>,
    focused: bool,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    let core = shell.core().await?;
    core.set_view(window.label(), conversation_id, focused);
    Ok(())
}

/// Tells of no message of a conversation for a while, or does again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_muted(
    conversation_id: ConversationId,
    pause: Option<Pause>,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell
        .core()
        .await?
        .set_muted(conversation_id, pause)
        .await?)
}

/// Tells of nothing for a while, or does again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_quiet(
    pause: Option<Pause>,
    shell: State<'_, Shell>,
) -> Result<Settings, Failure> {
    Ok(shell.home().await.set_quiet(pause).await?)
}

/// Returns the accounts of this profile.
#[tauri::command]
#[specta::specta]
pub(crate) async fn accounts(shell: State<'_, Shell>) -> Result<Vec<AccountLine>, Failure> {
    Ok(shell.home().await.accounts().await?)
}

/// Shows another account. None is signed out.
#[tauri::command]
#[specta::specta]
pub(crate) async fn switch_account(key: String, shell: State<'_, Shell>) -> Result<(), Failure> {
    shell.show_account(&key).await
}

/// Sets the app lock, or changes its passphrase.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_lock(passphrase: String, shell: State<'_, Shell>) -> Result<(), Failure> {
    let home = shell.home().await;
    home.set_lock(&passphrase).await?;
    shell.tell_lock(home);
    Ok(())
}

/// Takes the app lock away.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_lock(
    passphrase: String,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    let home = shell.home().await;
    home.remove_lock(&passphrase).await?;
    shell.tell_lock(home);
    Ok(())
}

/// Locks the app now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn lock(shell: State<'_, Shell>) -> Result<(), Failure> {
    shell.lock().await;
    Ok(())
}

/// Unlocks the app.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unlock(passphrase: String, shell: State<'_, Shell>) -> Result<(), Failure> {
    shell.unlock(&passphrase).await
}

/// Begins anew for somebody who does not know the passphrase: removes the accounts and what is on the
/// disk of them, and the lock.
#[tauri::command]
#[specta::specta]
pub(crate) async fn forget_lock(shell: State<'_, Shell>) -> Result<(), Failure> {
    let home = shell.home().await;
    home.forget_lock().await?;
    shell.tell_lock(home);
    Ok(())
}
