//! Frames of the server, read without copying anything.

use serde::Deserialize;

/// A frame, as far as the benchmark looks into it.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame<'a> {
    /// Which frame it is.
    #[serde(borrow)]
    pub(crate) r#type: &'a str,
    /// Of `ack`: which message.
    #[serde(default)]
    pub(crate) id: Option<&'a str>,
    /// Of `ack`: its place.
    #[serde(default)]
    pub(crate) seq: Option<u64>,
    /// Of `changes`: where.
    #[serde(default)]
    pub(crate) scope: Option<&'a str>,
    /// Of `changes`: the scope's revision before.
    #[serde(default)]
    pub(crate) prev: Option<u64>,
    /// Of `changes`: the scope's revision after.
    #[serde(default)]
    pub(crate) rev: Option<u64>,
    /// Of `changes`: the rows.
    #[serde(default)]
    pub(crate) changes: Vec<Change<'a>>,
}

/// A row.
#[derive(Debug, Deserialize)]
pub(crate) struct Change<'a> {
    /// What it holds.
    #[serde(borrow)]
    pub(crate) item: Item<'a>,
}

/// What a row holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Item<'a> {
    /// What it is.
    #[serde(borrow)]
    pub(crate) r#type: &'a str,
    /// Of a message: its place.
    #[serde(default)]
    pub(crate) seq: u64,
    /// Of a message: its content.
    #[serde(default)]
    pub(crate) content: Content<'a>,
}

/// The content of a message.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Content<'a> {
    /// Of a text: the text.
    #[serde(borrow, default)]
    pub(crate) text: &'a str,
}

impl<'a> Frame<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn read(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Returns the places and texts of the messages that a `changes` frame brings.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (u64, &'a str)> {
        let messages = self
            .changes
            .iter()
            .filter(|change| change.item.r#type == "message");
        messages.map(|change| (change.item.seq, change.item.content.text))
    }
}

#[cfg(test)]
mod tests {
    use magpie_protocol::{
        ConversationId, MessageId, Timestamp,
        frames::ServerFrame,
        messages::{Message, MessageKind, Sent},
        sync::{Change, Item, Scope},
    };

    use super::*;

    #[test]
    fn the_frames_of_the_protocol_can_be_read() {
        let id = MessageId::from_parts(1, [2; 10]);
        let conversation_id = ConversationId::new(7).unwrap();
        let message = Message {
            id,
            conversation_id,
            seq: 3,
            sender_id: None,
            kind: MessageKind::Text,
            content: serde_json::json!({ "text": "hello" }),
            created_at: Timestamp(5),
        };
        let changes = ServerFrame::Changes {
            scope: Scope::Conversation(conversation_id),
            prev: 8,
            rev: 9,
            changes: vec![Change {
                rev: 9,
                item: Item::Message(message),
            }],
        };
        let text = serde_json::to_string(&changes).unwrap();
        let frame = Frame::read(&text).unwrap();
        assert_eq!(
            (frame.r#type, frame.scope),
            ("changes", Some("conversation:7"))
        );
        assert_eq!((frame.prev, frame.rev), (Some(8), Some(9)));
        assert_eq!(frame.messages().collect::<Vec<_>>(), [(3, "hello")]);

        let ack = ServerFrame::Ack(Sent {
            id,
            conversation_id,
            seq: 3,
            created_at: Timestamp(5),
        });
        let text = serde_json::to_string(&ack).unwrap();
        let frame = Frame::read(&text).unwrap();
        assert_eq!((frame.r#type, frame.seq), ("ack", Some(3)));
        assert_eq!(frame.id, Some(id.to_string().as_str()));
    }
}
