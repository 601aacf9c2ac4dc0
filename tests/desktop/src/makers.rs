//! Whoever makes newer versions of the app, and signs them.

use std::{fs, io::Cursor, path::PathBuf};

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use minisign::KeyPair;
use serde_json::json;

/// Somebody with a key.
pub struct Makers(KeyPair);

/// A newer version, as it is announced.
#[derive(Debug, Clone, Copy)]
pub struct Announced<'a> {
    /// Which.
    pub version: &'a str,
    /// What is new.
    pub notes: &'a str,
    /// The package.
    pub package: &'a [u8],
    /// Its signature.
    pub signature: &'a str,
}

impl Makers {
    /// Makes a key.
    ///
    /// # Errors
    /// When there is no chance to be had.
    pub fn new() -> Result<Self> {
        Ok(Self(KeyPair::generate_unencrypted_keypair()?))
    }

    /// Returns the public key, as an app is built with it.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn key(&self) -> Result<String> {
        Ok(STANDARD.encode(self.0.pk.to_box()?.to_string()))
    }

    /// Signs a package as this version; without one, as packages were signed in earlier days.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, package: &[u8], version: Option<&str>) -> Result<String> {
        let mut comment = "timestamp:1700000000\tfile:Magpie.AppImage".to_owned();
        if let Some(version) = version {
            comment.push_str(&format!("\tversion:{version}"));
        }
        let KeyPair { pk, sk } = &self.0;
        let signed = minisign::sign(Some(pk), sk, Cursor::new(package), Some(&comment), None)?;
        Ok(STANDARD.encode(signed.to_string()))
    }
}

/// Puts a version into a server's folder, in place of what was there.
///
/// # Errors
/// When it cannot be written.
pub fn announce(folder: &std::path::Path, announced: Announced<'_>) -> Result<PathBuf> {
    let Announced {
        version,
        notes,
        package,
        signature,
    } = announced;
    let name = format!("Magpie_{version}.AppImage");
    let path = folder.join(&name);
    fs::write(&path, package)?;
    let system = format!("linux-{}", std::env::consts::ARCH);
    let manifest = json!({
        "version": version,
        "notes": notes,
        "pub_date": "2026-11-22T12:00:00Z",
        "platforms": { system: { "url": name, "signature": signature } },
    });
    fs::write(folder.join("latest.json"), manifest.to_string())?;
    Ok(path)
}

/// Returns a program as another version: a build for tests takes it from what stands behind its
/// end.
#[must_use]
pub fn as_version(mut program: Vec<u8>, version: &str) -> Vec<u8> {
    program.extend_from_slice(format!("\nmagpie-version {version}\n").as_bytes());
    program
}
