//! Several servers, each a node, in front of one database.
//!
//! Nodes know of each other through Redis: each writes every two seconds that it is there, and an
//! entry that was not written again for ten seconds is gone (`registry`). From that clients are
//! told where to open their socket (`gateway`). What the nodes could not tell each other is mended
//! by telling sockets to ask for what changed (`mend`); the truth is always in the database.

mod address;
mod beat;
mod gateway;
mod mend;
mod registry;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::App;

pub use address::{InvalidSocketUrl, SocketUrl};
pub(crate) use beat::{Nodes, leave};
pub(crate) use registry::living_names;

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(gateway::gateway))
}

/// Begins to keep in touch with the other nodes, where there may be some.
pub(crate) fn start(app: &App) {
    if app.bus().remote().is_some() {
        app.tasks().spawn(beat::run(app.clone()));
        app.tasks().spawn(mend::run(app.clone()));
    }
}
