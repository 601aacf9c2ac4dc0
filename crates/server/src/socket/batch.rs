//! Writing what a client sent: all that has gathered, together with what others sent.

use magpie_protocol::{MessageId, UserId, frames::ServerFrame};

use super::inbound::nack;
use crate::{
    app::App,
    messages::{Draft, Due},
};

/// The most messages that are handed over together.
pub(super) const BATCH: usize = 64;

/// Stores messages and marks, and returns the answers: one for each message, in order, and one for
/// the marks of each conversation that were refused. When this returns, what was acknowledged is on the disk.
pub(super) async fn write(
    app: App,
    user: UserId,
    drafts: Vec<Draft>,
    due: Due,
) -> Vec<ServerFrame> {
    let ids: Vec<MessageId> = drafts.iter().map(Draft::id).collect();
    let written = app.lanes().write(&app, user, drafts, due).await;
    let answers = ids
        .into_iter()
        .zip(written.sent)
        .map(|(id, answer)| match answer {
            Ok(sent) => ServerFrame::Ack(sent),
            Err(body) => nack(Some(id), body),
        });
    let refusals = written.refused.into_iter().map(|body| nack(None, body));
    answers.chain(refusals).collect()
}
