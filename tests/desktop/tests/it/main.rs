//! Scenes from the life of the app. `cargo xtask test desktop` builds what they need and runs
//! them.
#![cfg(target_os = "linux")]

mod accounts;
mod aloud;
mod friends;
mod handler;
mod keyboard;
mod links;
mod lock;
mod looks;
mod notifications;
mod offline;
mod presence;
mod rest;
mod start;
mod system;
mod tray;
mod updates;
