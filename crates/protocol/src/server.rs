//! What a server says of itself before anybody signs in.

use serde::{Deserialize, Serialize};

/// The version of the protocol that this crate describes. Grows by one when an older client can no
/// longer talk to the server.
pub const PROTOCOL_VERSION: u32 = 1;

/// What [`ServerInfo::product`] is on every Magpie server.
pub const PRODUCT: &str = "magpie";

/// `GET /api/v1/server`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerInfo {
    /// Always [`PRODUCT`]; tells a Magpie server from any other that answers here.
    pub product: String,
    /// What its operator calls it.
    pub name: String,
    /// The program's version, e.g. `0.1.0`.
    pub version: String,
    /// The newest protocol that it speaks.
    pub protocol: u32,
    /// The oldest protocol that it still speaks.
    pub protocol_min: u32,
    /// Whether people can make an account by themselves.
    pub registration: RegistrationPolicy,
    /// Whether the app can be updated from here; see [`crate::updates`]. A server that is older than
    /// this does not say.
    #[serde(default)]
    pub updates: bool,
}

/// Who can make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RegistrationPolicy {
    /// Everybody.
    Open,
    /// Those who bring the code of an invitation.
    Invitation,
    /// Nobody.
    Closed,
    /// Those whom a newer version knows.
    #[serde(other)]
    #[cfg_attr(feature = "typescript", specta(skip))]
    Unknown,
}

/// `GET /health`. Answered with status 503 while it is [`HealthStatus::Unavailable`], and with 200
/// otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// The server as a whole.
    pub status: HealthStatus,
    /// The database. Without it nothing works.
    pub database: HealthStatus,
    /// What carries news between several nodes. Without it messages are stored as ever and arrive
    /// late.
    pub bus: HealthStatus,
}

/// How well something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It works.
    Ok,
    /// It works, with something missing.
    Degraded,
    /// It does not work.
    Unavailable,
    /// A state of a newer version.
    #[serde(other)]
    Unknown,
}

/// `GET /api/v1/gateway`: where to open the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gateway {
    /// The whole address of the socket (`ws://` or `wss://`, [`crate::routes::SOCKET`] included) on
    /// the node that has the least to do; `null` where it is at the address that was asked.
    pub socket: Option<String>,
}
