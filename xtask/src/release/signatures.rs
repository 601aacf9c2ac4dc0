//! The signatures without which no app takes an update.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result};

use super::{
    manifest::{self, Manifest, SIGNATURE},
    packages,
    version::VERSION,
};
use crate::command;

/// The secret key, or the path of a file with it, for Tauri's signer.
const KEY: &str = "TAURI_SIGNING_PRIVATE_KEY";
/// The key's password.
const PASSWORD: &str = "TAURI_SIGNING_PRIVATE_KEY_PASSWORD";

/// Whether there is a key to sign with.
pub(super) fn has_key() -> bool {
    env::var_os(KEY).is_some_and(|value| !value.is_empty())
}

/// Signs the packages of a folder that apps may update to, and writes the manifest beside them.
///
/// # Errors
/// When there is nothing to sign, or it fails.
pub(super) fn sign(folder: &Path, mut manifest: Manifest) -> Result<()> {
    let names = manifest::to_be_signed(folder, VERSION)?;
    for name in &names {
        // Apps refuse what is not signed as the version as which it is announced.
        let mut signer = packages::tauri(["signer", "sign", "--app-version", VERSION])?;
        // Tauri takes either in the one variable where it builds, but not where it only signs.
        if let Some(file) = env::var_os(KEY).filter(|key| Path::new(key).is_file()) {
            signer.env_remove(KEY).arg("--private-key-path").arg(file);
        }
        // Without one the signer would ask for it.
        signer
            .arg(folder.join(name))
            .env(PASSWORD, env::var_os(PASSWORD).unwrap_or_default());
        // It prints the signature, which is of no use here.
        command::output(signer).with_context(|| format!("cannot sign {name}"))?;
        let signature = folder.join(format!("{name}.{SIGNATURE}"));
        fs::metadata(&signature).with_context(|| format!("{name} was not signed"))?;
        println!("    {name}.{SIGNATURE}");
    }
    manifest.add_folder(folder)?;
    manifest.write(folder)?;
    println!("    {}: {}", manifest::FILE, manifest.systems().join(", "));
    Ok(())
}
