//! Where updates come from, and whose signature they must have.
//!
//! An organisation that serves them to its own people decides which version these have, so the server
//! of the account in view comes first. Where it serves none, the address counts that the makers of
//! this build put in. Neither can change the key, which is in the program.

use magpie_core::CoreError;

use crate::shell::Shell;

/// The public key of whoever made this build, as the packaging tool prints it.
const KEY: Option<&str> = option_env!("MAGPIE_UPDATE_KEY");
/// Where they publish.
const ADDRESS: Option<&str> = option_env!("MAGPIE_UPDATE_URL");

/// Returns the key; without one there are no updates. A build for tests takes it from its
/// surroundings as well, a release never does.
pub(crate) fn key() -> Option<String> {
    let given = match cfg!(debug_assertions) {
        true => std::env::var("MAGPIE_UPDATE_KEY").ok(),
        false => None,
    };
    given
        .or_else(|| KEY.map(str::to_owned))
        .filter(|key| !key.is_empty())
}

/// Returns the address of the manifest; nothing where there is none.
///
/// # Errors
/// Why the server cannot be asked. Then nobody is asked: it may be one that decides.
pub(super) async fn address(shell: &Shell) -> Result<Option<String>, CoreError> {
    if let Some(core) = shell.open_account().await {
        let home = shell.home().await;
        if let Some(address) = home.updates_of(core.server_url()).await? {
            return Ok(Some(address));
        }
    }
    let own = ADDRESS.filter(|address| !address.is_empty());
    Ok(own.map(str::to_owned))
}
