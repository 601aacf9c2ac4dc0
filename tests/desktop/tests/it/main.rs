//! Scenes from the life of the app. `cargo xtask test desktop` builds what they need and runs
//! them.
#![cfg(target_os = "linux")]

mod friends;
mod links;
mod looks;
mod notifications;
mod offline;
mod presence;
mod start;
mod system;
mod tray;
mod updates;
