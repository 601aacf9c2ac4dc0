//! The list of conversations.

use magpie_core::{Failure, conversations::ConversationList, protocol::ConversationId};
use tauri::State;

use crate::shell::Shell;

/// Returns the list.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conversations(shell: State<'_, Shell>) -> Result<ConversationList, Failure> {
    Ok(shell.core().await?.conversations().await?)
}

/// Keeps what was begun to be written; blank text removes it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_draft(
    conversation_id: ConversationId,
    text: String,
    shell: State<'_, Shell>,
) -> Result<(), Failure> {
    Ok(shell
        .core()
        .await?
        .set_draft(conversation_id, &text)
        .await?)
}
