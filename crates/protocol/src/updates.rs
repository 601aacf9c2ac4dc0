//! What a server offers of newer versions of the app.
//!
//! The shape is that of the updater in the desktop app, whose makers publish it as a file of the
//! same shape. Nothing here is to be trusted: what is fetched is held against a signature that only
//! the app's makers can give.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `GET /api/v1/updates`: the newest version, and its packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateManifest {
    /// The version, e.g. `0.2.0`.
    pub version: String,
    /// What is new, as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When it was published, as RFC 3339 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pub_date: Option<String>,
    /// The packages, by system, such as `linux-x86_64`.
    pub platforms: BTreeMap<String, UpdatePackage>,
}

/// A package of one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatePackage {
    /// Where it is. In the file, the bare name of another file beside it will do.
    pub url: String,
    /// Its signature.
    pub signature: String,
    /// Its size in bytes, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}
