//! Signing in and out, and what keeps a device signed in.

mod auth;
mod ended;
mod tokens;

pub use auth::Auth;
pub(crate) use ended::{EndedDevices, load as load_ended};
pub(crate) use tokens::{Keys, TokenMaker, keys};
