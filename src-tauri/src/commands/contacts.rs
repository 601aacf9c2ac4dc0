//! Friends, requests, blocks, and looking for people.

use magpie_core::{
    Failure,
    contacts::{Answer, Contacts, Person},
    protocol::{FriendRequestId, Page, UserId, frames::Presence},
};
use tauri::State;

use crate::shell::Shell;

/// Returns everybody one has to do with.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contacts(shell: State<'_, Shell>) -> Result<Contacts, Failure> {
    Ok(shell.core().await?.contacts().await?)
}

/// Returns the friends of whom it is known whether they are there.
#[tauri::command]
#[specta::specta]
pub(crate) async fn presence(shell: State<'_, Shell>) -> Result<Vec<Presence>, Failure> {
    Ok(shell.core().await?.presence())
}

/// Looks for people by number, user name or nickname.
#[tauri::command]
#[specta::specta]
pub(crate) async fn search_people(
    query: String,
    cursor: Option<String>,
    shell: State<'_, Shell>,
) -> Result<Page<Person>, Failure> {
    Ok(shell.core().await?.search_people(&query, cursor).await?)
}

/// Returns somebody's card.
#[tauri::command]
#[specta::specta]
pub(crate) async fn person(user_id: UserId, shell: State<'_, Shell>) -> Result<Person, Failure> {
    Ok(shell.core().await?.person(user_id).await?)
}

/// Asks somebody to become friends.
#[tauri::command]
#[specta::specta]
pub(crate) async fn request_friend(
    user_id: UserId,
    message: String,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell
        .core()
        .await?
        .request_friend(user_id, &message)
        .await?)
}

/// Answers a friend request.
#[tauri::command]
#[specta::specta]
pub(crate) async fn answer_request(
    request_id: FriendRequestId,
    answer: Answer,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell
        .core()
        .await?
        .answer_request(request_id, answer)
        .await?)
}

/// Gives a friend another name; an empty one takes it away.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_remark(
    user_id: UserId,
    remark: String,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell.core().await?.set_remark(user_id, &remark).await?)
}

/// Ends a friendship, both ways.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_friend(user_id: UserId, shell: State<'_, Shell>) -> Result<(), Failure> {
    Ok(shell.core().await?.remove_friend(user_id).await?)
}

/// Blocks somebody, or unblocks them.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_blocked(
    user_id: UserId,
    blocked: bool,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell.core().await?.set_blocked(user_id, blocked).await?)
}
