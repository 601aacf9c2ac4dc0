//! The real app on a virtual display, driven through WebDriver.
//!
//! A [`World`] is what a test plays in: a session bus with an open keychain, and a folder for
//! everything that is written. In it stand a [`Server`], which is the real program, and one
//! [`App`] per person, each with a home folder and a display of its own. Whatever a world starts
//! ends with it, however the test ends.
//!
//! Nothing here sleeps and hopes. [`until`] asks again and again until a condition holds or its
//! time is up, and then says what it waited for and what it saw last.
#![cfg(target_os = "linux")]

mod actions;
mod app;
mod arranged;
mod axe;
mod keyboard;
mod makers;
mod notifier;
mod programs;
mod reader;
mod screen;
mod server;
mod tray_host;
mod waiting;
mod world;

pub use actions::{Message, Person, id};
pub use app::{App, Effort};
pub use arranged::Installed;
pub use keyboard::{Focus, Keyboard};
pub use makers::{Announced, Makers, announce, as_version};
pub use notifier::{Notifier, Received};
pub use reader::{Part, Reader, State};
pub use screen::{Frame, TakenKeys};
pub use server::Server;
pub use tray_host::{Icon, TrayHost};
pub use waiting::{PATIENCE, until};
pub use world::{World, scenario};
