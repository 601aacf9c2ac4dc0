//! Learning what changed, and what was missed.
//!
//! Everything synced is a row of a scope, and each scope has a cursor here: the revision up to which
//! everything is known. Live changes are applied when they begin where the cursor stands; otherwise
//! the difference is asked for. A conversation's messages are apart from its cursor: which stretches
//! of them are held is written down, so that what is missing is known as missing.
//!
//! Coming online: the socket hears of changes before `GET /sync` is asked, so that nothing falls in
//! between; its answer makes the list right in one transaction; then each conversation that moved is
//! caught up with, those that moved by much by their newest page first. What is left are holes,
//! which are filled in the background, the latest missed ones first and the history from before this
//! device last.

mod apply;
mod catch_up;
mod crew;
mod holes;
mod marks;
mod run;
#[cfg(feature = "testing")]
mod testing;
mod touched;

pub(crate) use catch_up::{fill_below, introduce};
pub(crate) use crew::Job;
pub(crate) use holes::fill_holes;
pub(crate) use marks::send_marks;
pub(crate) use run::{Inbox, run};
pub(crate) use touched::commit;

use std::sync::Arc;

use magpie_protocol::sync::{Item, Scope};

use crate::{CoreError, client::Shared, store::table::scopes};

/// A request to the server that will be answered with rows of the user's scope.
pub(crate) struct Asking<'a> {
    shared: &'a Arc<Shared>,
    cursor: Option<u64>,
}

/// Notes how far the user's scope is known. To be called before the request leaves.
///
/// # Errors
/// [`crate::LocalCode::Storage`].
pub(crate) async fn ask(shared: &Arc<Shared>) -> Result<Asking<'_>, CoreError> {
    let scope = Scope::User(shared.me);
    let cursor = shared
        .store
        .read(move |db| scopes::cursor(db, scope))
        .await?;
    Ok(Asking { shared, cursor })
}

impl Asking<'_> {
    /// Keeps the rows of the answer, through the same code as those that come as changes. The
    /// cursor stays, so that they come once more. Where changes have come since the request left,
    /// the rows may be older than what is held, and are passed over: they are among the changes, or
    /// will be.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`].
    pub(crate) async fn keep(self, items: Vec<Item>) -> Result<(), CoreError> {
        let (me, cursor) = (self.shared.me, self.cursor);
        commit(self.shared, move |tx, touched| {
            if scopes::cursor(tx, Scope::User(me))? != cursor {
                return Ok(());
            }
            for item in &items {
                apply::user_item(tx, me, item, touched)?;
            }
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
