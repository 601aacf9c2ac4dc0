//! The commands that the page can call, by feature. Each is one call into the core.

pub(crate) mod app;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod desktop;
pub(crate) mod session;
pub(crate) mod timeline;
pub(crate) mod updates;
pub(crate) mod upkeep;
