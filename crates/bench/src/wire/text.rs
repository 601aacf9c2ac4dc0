//! The texts that are sent: 64 bytes that say who sent them, as the how-manieth, and when.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use magpie_protocol::{ConversationId, MessageId};

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The sender, as the workload counts them.
    pub(crate) sender: u32,
    /// Counted from 0 for each sender.
    pub(crate) number: u32,
    /// When it was, or should have been, sent; see [`super::nanos`].
    pub(crate) at: u64,
}

impl Stamp {
    /// Reads a text; `None` when it is none of ours.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut next = || u64::from_str_radix(words.next()?, 16).ok();
        let (sender, number, at) = (next()?, next()?, next()?);
        (text.len() == 64).then_some(Self {
            sender: u32::try_from(sender).ok()?,
            number: u32::try_from(number).ok()?,
            at,
        })
    }

    /// Reads the text in a frame that [`write_send`] wrote.
    pub(crate) fn read_frame(frame: &str) -> Option<Self> {
        let (_, text) = frame.split_once(r#""text":""#)?;
        Self::read(text.get(..64)?)
    }
}

/// Returns the frame that sends a text of 64 bytes with this stamp, and the id of the message.
pub(crate) fn write_send(conversation: ConversationId, stamp: Stamp) -> (MessageId, String) {
    let Stamp { sender, number, at } = stamp;
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let id = MessageId::from_parts(u64::try_from(since.as_millis()).unwrap_or(0), fresh());
    let mut frame = String::with_capacity(224);
    // Writing to a `String` cannot fail.
    let _ = write!(
        frame,
        r#"{{"type":"send","id":"{id}","conversation_id":{conversation},"kind":"text","content":{{"text":"{sender:08x} {number:08x} {at:016x} 0123456789abcdefghijklmnopqrs"}}}}"#
    );
    (id, frame)
}

/// Mints ten bytes that no other call gets, for the id of a message.
pub(crate) fn fresh() -> [u8; 10] {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [0; 10];
    // Scattered like the random ones of a real id.
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
    for (byte, of) in bytes.iter_mut().zip(scattered) {
        *byte = of;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use magpie_protocol::frames::ClientFrame;

    use super::*;

    #[test]
    fn a_stamp_survives_the_way_and_the_frame_is_one_of_the_protocol() {
        let conversation = ConversationId::new(5).unwrap();
        let stamp = Stamp {
            sender: 3,
            number: 70_000,
            at: u64::MAX,
        };
        let (id, written) = write_send(conversation, stamp);
        let frame: ClientFrame = serde_json::from_str(&written).unwrap();
        let ClientFrame::Send(message) = frame else {
            panic!("not a send")
        };
        assert_eq!((message.id, message.conversation_id), (id, conversation));
        assert_eq!(message.check(), Ok(()));
        let text = message.content["text"].as_str().unwrap();
        assert_eq!(text.len(), 64);
        assert_eq!(Stamp::read_frame(&written), Some(stamp));
        assert_eq!(Stamp::read(text), Some(stamp));
        assert_eq!(Stamp::read(text.get(1..).unwrap()), None);
        assert_eq!(Stamp::read("hello"), None);
    }
}
