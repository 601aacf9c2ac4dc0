//! The messages of a conversation, and sending.

use magpie_core::{
    Failure,
    protocol::{ConversationId, MessageId},
    timeline::{MessageView, OpenAt, TimelinePage, TimelineSnapshot},
};
use tauri::State;

use crate::shell::Shell;

/// Opens a conversation.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_timeline(
    conversation_id: ConversationId,
    at: OpenAt,
    shell: State<'_, Shell>,
) -> Result<TimelineSnapshot, Failure> {
    Ok(shell
        .core()
        .await?
        .open_timeline(conversation_id, at)
        .await?)
}

/// Returns the messages before a place.
#[tauri::command]
#[specta::specta]
pub(crate) async fn older(
    conversation_id: ConversationId,
    before_seq: u64,
    shell: State<'_, Shell>,
) -> Result<TimelinePage, Failure> {
    Ok(shell
        .core()
        .await?
        .older(conversation_id, before_seq)
        .await?)
}

/// Returns the messages after a place.
#[tauri::command]
#[specta::specta]
pub(crate) async fn newer(
    conversation_id: ConversationId,
    after_seq: u64,
    shell: State<'_, Shell>,
) -> Result<TimelinePage, Failure> {
    Ok(shell
        .core()
        .await?
        .newer(conversation_id, after_seq)
        .await?)
}

/// Says that all messages up to a place were seen.
#[tauri::command]
#[specta::specta]
pub(crate) async fn mark_read(
    conversation_id: ConversationId,
    seq: u64,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell.core().await?.mark_read(conversation_id, seq).await?)
}

/// Sends a text.
#[tauri::command]
#[specta::specta]
pub(crate) async fn send_text(
    conversation_id: ConversationId,
    text: String,
    shell: State<'_, Shell>,
) -> Result<MessageView, Failure> {
    Ok(shell
        .core()
        .await?
        .send_text(conversation_id, &text)
        .await?)
}

/// Tries a refused message again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn retry_message(id: MessageId, shell: State<'_, Shell>) -> Result<(), Failure> {
    Ok(shell.core().await?.retry_message(id).await?)
}

/// Deletes a refused message, or one that has not left yet.
#[tauri::command]
#[specta::specta]
pub(crate) async fn delete_unsent(id: MessageId, shell: State<'_, Shell>) -> Result<(), Failure> {
    Ok(shell.core().await?.delete_unsent(id).await?)
}
