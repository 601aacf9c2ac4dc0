//! What the page can call and hear, and its TypeScript types.

use magpie_core::CoreEvent;
use serde::{Deserialize, Serialize};
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::{
    commands::{app, contacts, conversations, desktop, session, timeline, updates, upkeep},
    told::ShellMessage,
};

/// Carries the core's events to the page.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub(crate) struct CoreMessage(pub(crate) CoreEvent);

/// Returns every command and event; there are no others.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .error_handling(ErrorHandlingMode::Throw)
        // Ids and places are numbers below 2^53 by the protocol.
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
        .commands(collect_commands![
            app::app_state,
            app::do_without_keychain,
            app::set_settings,
            app::check_server,
            app::host_start,
            app::host_stop,
            app::open_link,
            session::register,
            session::sign_in,
            session::sign_out,
            session::forget_account,
            session::reconnect,
            session::update_account,
            session::change_password,
            session::devices,
            session::end_device,
            contacts::contacts,
            contacts::presence,
            contacts::search_people,
            contacts::person,
            contacts::request_friend,
            contacts::answer_request,
            contacts::set_remark,
            contacts::remove_friend,
            contacts::set_blocked,
            conversations::conversations,
            conversations::set_draft,
            timeline::open_timeline,
            timeline::older,
            timeline::newer,
            timeline::mark_read,
            timeline::send_text,
            timeline::retry_message,
            timeline::delete_unsent,
            desktop::set_muted,
            desktop::set_quiet,
            desktop::set_view,
            desktop::accounts,
            desktop::switch_account,
            upkeep::storage_used,
            upkeep::free_space,
            upkeep::diagnostics,
            upkeep::open_log_folder,
            upkeep::crates,
            updates::update_state,
            updates::check_update,
            updates::install_update,
            updates::restart_to_update,
            desktop::set_lock,
            desktop::remove_lock,
            desktop::lock,
            desktop::unlock,
            desktop::forget_lock,
            desktop::answer_close,
            desktop::page_ready,
            desktop::pop_out,
        ])
        .events(collect_events![CoreMessage, ShellMessage])
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use specta_typescript::Typescript;

    use super::*;

    /// Fails when the committed file is stale; with `MAGPIE_WRITE_BINDINGS` set, writes it.
    #[test]
    fn bindings_are_up_to_date() {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/platform/bindings.ts");
        let header = "// Made from the Rust types by `cargo xtask codegen`. Not to be edited.\n";
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("bindings.ts");
        builder()
            .export(Typescript::default().header(header), &made)
            .unwrap();
        let made = fs::read_to_string(made).unwrap();
        if env::var_os("MAGPIE_WRITE_BINDINGS").is_some() {
            fs::write(&target, &made).unwrap();
        }
        let committed = fs::read_to_string(&target)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        assert!(
            committed == made,
            "bindings.ts is stale: run `cargo xtask codegen`"
        );
    }
}
