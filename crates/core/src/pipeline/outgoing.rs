//! The steps of messages that are written here.

use magpie_protocol::{ErrorBody, ErrorCode, Timestamp, messages::SendMessage};

use crate::store::{
    Result, StoreError, Tx,
    table::{
        conversations,
        outbox::{self, OutboxRow, OutboxState},
    },
};

/// A message on its way into the outbox.
struct Parcel {
    message: SendMessage,
    written_at: Timestamp,
    queued: Option<OutboxRow>,
}

/// Why a message goes no further.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Refused(#[from] ErrorBody),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One step. Only the last one writes, so that a refusal leaves nothing behind.
trait Step: Sync {
    fn run(&self, tx: &Tx<'_>, parcel: &mut Parcel) -> std::result::Result<(), Stop>;
}

/// The order.
const STEPS: [&dyn Step; 3] = [&CheckContent, &CheckConversation, &Enqueue];

/// Puts a message at the end of the outbox and returns its row, or why it is refused:
/// [`ErrorCode::InvalidContent`] or [`ErrorCode::ConversationNotFound`].
pub(crate) fn queue(
    tx: &Tx<'_>,
    message: SendMessage,
    written_at: Timestamp,
) -> Result<std::result::Result<OutboxRow, ErrorBody>> {
    let mut parcel = Parcel {
        message,
        written_at,
        queued: None,
    };
    for step in STEPS {
        match step.run(tx, &mut parcel) {
            Ok(()) => {}
            Err(Stop::Refused(body)) => return Ok(Err(body)),
            Err(Stop::Store(error)) => return Err(error),
        }
    }
    match parcel.queued {
        Some(row) => Ok(Ok(row)),
        None => Err(StoreError::Other("a message passed no queue".to_owned())),
    }
}

/// Refuses what the server would refuse.
struct CheckContent;

impl Step for CheckContent {
    fn run(&self, _: &Tx<'_>, parcel: &mut Parcel) -> std::result::Result<(), Stop> {
        parcel
            .message
            .check()
            .map_err(|code| ErrorBody::new(code, "the text is blank or too long").into())
    }
}

/// Refuses a conversation that is not known here.
struct CheckConversation;

impl Step for CheckConversation {
    fn run(&self, tx: &Tx<'_>, parcel: &mut Parcel) -> std::result::Result<(), Stop> {
        match conversations::get(tx, parcel.message.conversation_id)? {
            Some(_) => Ok(()),
            None => Err(ErrorBody::new(
                ErrorCode::ConversationNotFound,
                "there is no such conversation here",
            )
            .into()),
        }
    }
}

/// Writes it down.
struct Enqueue;

impl Step for Enqueue {
    fn run(&self, tx: &Tx<'_>, parcel: &mut Parcel) -> std::result::Result<(), Stop> {
        let mut row = OutboxRow {
            position: 0,
            id: parcel.message.id,
            conversation_id: parcel.message.conversation_id,
            kind: parcel.message.kind,
            content: parcel.message.content.clone(),
            created_at: parcel.written_at,
            attempts: 0,
            state: OutboxState::Queued,
            failure: None,
        };
        row.position = outbox::push(tx, &row)?;
        parcel.queued = Some(row);
        Ok(())
    }
}
