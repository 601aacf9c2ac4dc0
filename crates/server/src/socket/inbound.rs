//! Reading what a client sent.

use magpie_protocol::{
    ErrorBody, ErrorCode, MessageId,
    frames::{ClientFrame, Mark, ServerFrame},
};
use serde::Deserialize;
use serde_json::Value;

use crate::messages::Draft;

/// A frame that can be acted on.
pub(super) enum Inbound {
    /// A message whose content has been checked.
    Send(Draft),
    /// Marks.
    Mark(Mark),
}

/// Reads a frame.
///
/// # Errors
/// The `nack` to answer with.
pub(super) fn read(text: &str) -> Result<Inbound, Box<ServerFrame>> {
    match serde_json::from_str(text) {
        Ok(ClientFrame::Send(message)) => {
            let id = message.id;
            Draft::check(message)
                .map(Inbound::Send)
                .map_err(|error| Box::new(nack(Some(id), error)))
        }
        Ok(ClientFrame::Mark(mark)) => Ok(Inbound::Mark(mark)),
        Err(error) => {
            let error = ErrorBody::new(ErrorCode::InvalidRequest, error.to_string());
            Err(Box::new(nack(message_id(text), error)))
        }
    }
}

/// Refuses a frame because too many came; the next is welcome in `retry_after_ms`.
pub(super) fn too_many(text: &str, retry_after_ms: u64) -> ServerFrame {
    let error = ErrorBody {
        retry_after_ms: Some(retry_after_ms),
        ..ErrorBody::new(ErrorCode::RateLimited, "too many frames")
    };
    nack(message_id(text), error)
}

/// Makes a `nack`.
pub(super) fn nack(id: Option<MessageId>, error: ErrorBody) -> ServerFrame {
    ServerFrame::Nack { id, error }
}

/// Returns the message's id where a `send` can be read so far.
fn message_id(text: &str) -> Option<MessageId> {
    #[derive(Deserialize)]
    struct Head {
        r#type: String,
        #[serde(default)]
        id: Value,
    }
    let head: Head = serde_json::from_str(text).ok()?;
    (head.r#type == "send").then_some(())?;
    head.id.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018bcfe5-6800-7101-8101-010101010101";

    fn refused(text: &str) -> (Option<String>, ErrorCode) {
        match read(text).map_err(|nack| *nack) {
            Err(ServerFrame::Nack { id, error }) => (id.map(|id| id.to_string()), error.code),
            _ => panic!("{text} was taken"),
        }
    }

    #[test]
    fn a_refusal_names_the_message_where_it_can() {
        let send = |rest: &str| format!(r#"{{"type":"send","id":"{ID}",{rest}}}"#);
        let named = |code| (Some(ID.to_owned()), code);
        assert_eq!(
            refused(&send(r#""conversation_id":-1,"kind":"text","content":{}"#)),
            named(ErrorCode::InvalidRequest)
        );
        assert_eq!(
            refused(&send(r#""conversation_id":1,"kind":"text","content":{}"#)),
            named(ErrorCode::InvalidContent)
        );
        assert_eq!(
            refused(&send(r#""conversation_id":1,"kind":"system","content":{}"#)),
            named(ErrorCode::InvalidContent)
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_a_name() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "null", "[]", r#"{"type":"send","id":7}"#, &deep] {
            assert_eq!(refused(text), (None, ErrorCode::InvalidRequest));
        }
    }
}
