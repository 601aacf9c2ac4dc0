//! Conversations, their members, and how far each has come.

mod changes;
mod direct;
mod head;
mod marks;
mod rows;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) use changes::memberships_since;
pub(crate) use direct::open_direct;
pub(crate) use head::heads_since;
pub(crate) use marks::{Move, advance_marks};
pub(crate) use rows::{
    DIRECT, conversations_of, members_since, not_found, own_row, require_member, touch_member,
};

/// The statements that run most, for the test of their plans.
#[cfg(test)]
pub(crate) const HOT: [&str; 3] = [head::HEADS_SINCE, head::MEMBERS_SINCE, marks::PRESENT];

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(head::show))
        .routes(routes!(marks::mark))
}
