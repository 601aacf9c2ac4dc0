//! Writing what a client sent: all that has gathered, in one transaction.

use magpie_protocol::{MessageId, UserId, frames::ServerFrame};

use super::{inbound::nack, pace::Due};
use crate::{
    app::App,
    conversations::advance_marks,
    error::AppError,
    messages::{Draft, send_all},
};

/// The most messages that are written together.
pub(super) const BATCH: usize = 64;

/// Stores messages and marks, and returns the answers: one for each message, in order, and one for
/// the marks of each conversation that were refused. When this returns, what was acknowledged is on the disk.
pub(super) async fn write(
    app: App,
    user: UserId,
    drafts: Vec<Draft>,
    due: Due,
) -> Vec<ServerFrame> {
    let ids: Vec<MessageId> = drafts.iter().map(|draft| draft.message().id).collect();
    let marked = due.len();
    let now = app.now();
    let done = app
        .db()
        .write(move |tx| {
            let sent = send_all(tx, user, now, &drafts)?;
            let mut refused = Vec::new();
            for (id, marks) in &due {
                match advance_marks(tx, user, *id, marks) {
                    Ok(()) => {}
                    Err(AppError::Refused(body)) => refused.push(body),
                    Err(failed) => return Err(failed),
                }
            }
            Ok::<_, AppError>((sent, refused))
        })
        .await;
    match done {
        Ok((sent, refused)) => {
            app.metrics().sent(&sent);
            let answers = ids.into_iter().zip(sent).map(|(id, answer)| match answer {
                Ok(sent) => ServerFrame::Ack(sent),
                Err(body) => nack(Some(id), body),
            });
            let refusals = refused.into_iter().map(|body| nack(None, body));
            answers.chain(refusals).collect()
        }
        Err(error) => {
            let body = error.into_body();
            let messages = ids.into_iter().map(Some);
            messages
                .chain(std::iter::repeat_n(None, marked))
                .map(|id| nack(id, body.clone()))
                .collect()
        }
    }
}
