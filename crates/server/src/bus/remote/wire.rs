//! What travels between the nodes: channels and envelopes.

use magpie_protocol::{ConversationId, DeviceId, sync::Scope};
use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

/// Tells a node from the others, and from itself in an earlier life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub u64);

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Where all nodes listen.
pub(super) const ALL_NODES: &str = "magpie:{nodes}";

/// Returns the channel of a scope. What stands in braces decides on which server of a cluster it is.
pub(super) fn channel(scope: Scope) -> String {
    format!("magpie:{{{scope}}}")
}

/// Returns the scope that a channel belongs to.
pub(super) fn scope(channel: &[u8]) -> Option<Scope> {
    let name = std::str::from_utf8(channel).ok()?;
    name.strip_prefix("magpie:{")?
        .strip_suffix('}')?
        .parse()
        .ok()
}

/// What one node tells the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bus) enum News {
    /// A frame for all sockets that listen to the scope.
    Frame(Scope, Utf8Bytes),
    /// The sockets of the user whose scope this is hear of a conversation from now on.
    Subscribe(Scope, ConversationId),
    /// A device of the user whose scope this is has opened a socket: an earlier one elsewhere is
    /// closed.
    Came(Scope, DeviceId),
    /// A device's session was ended. It goes to all nodes, for any of them may be asked with a token
    /// of that device next.
    EndDevice(DeviceId),
}

const NODE_BYTES: usize = 8;

impl News {
    /// Returns where this is published.
    pub(super) fn channel(&self) -> String {
        match self {
            Self::Frame(scope, _) | Self::Subscribe(scope, _) | Self::Came(scope, _) => {
                channel(*scope)
            }
            Self::EndDevice(_) => ALL_NODES.to_owned(),
        }
    }

    /// Returns about how many bytes this takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Frame(_, text) => text.len() + 64,
            Self::Subscribe(..) | Self::Came(..) | Self::EndDevice(_) => 64,
        }
    }

    /// Tells whether somebody may hold something old when this does not arrive.
    pub(super) fn matters(&self) -> bool {
        // A socket that nobody has at the other end is also closed when it falls silent.
        !matches!(self, Self::Came(..))
    }

    /// Writes an envelope: who says it, what kind it is, and the rest.
    pub(super) fn pack(&self, from: NodeId) -> Vec<u8> {
        let number;
        let (kind, rest) = match self {
            Self::Frame(_, text) => (b'f', text.as_str()),
            Self::Subscribe(_, conversation) => {
                number = conversation.to_string();
                (b's', number.as_str())
            }
            Self::Came(_, device) => {
                number = device.to_string();
                (b'c', number.as_str())
            }
            Self::EndDevice(device) => {
                number = device.to_string();
                (b'e', number.as_str())
            }
        };
        let mut packed = Vec::with_capacity(NODE_BYTES + 1 + rest.len());
        packed.extend_from_slice(&from.0.to_be_bytes());
        packed.push(kind);
        packed.extend_from_slice(rest.as_bytes());
        packed
    }

    /// Reads an envelope that came through `channel`. `None` for what this node has said itself, and
    /// for kinds of a newer version.
    pub(super) fn unpack(channel: &[u8], packed: Vec<u8>, own: NodeId) -> Option<Self> {
        let (from, rest) = packed.split_first_chunk::<NODE_BYTES>()?;
        if u64::from_be_bytes(*from) == own.0 {
            return None;
        }
        let kind = *rest.first()?;
        let rest = Utf8Bytes::try_from(Bytes::from(packed).slice(NODE_BYTES + 1..)).ok()?;
        match kind {
            b'f' => Some(Self::Frame(scope(channel)?, rest)),
            b's' => Some(Self::Subscribe(scope(channel)?, rest.parse().ok()?)),
            b'c' => Some(Self::Came(scope(channel)?, rest.parse().ok()?)),
            b'e' => Some(Self::EndDevice(rest.parse().ok()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use magpie_protocol::UserId;

    use super::*;

    #[test]
    fn news_come_out_as_they_went_in_and_not_to_who_said_them() {
        let user = Scope::User(UserId::new(17).unwrap());
        let room = ConversationId::new(5).unwrap();
        let (here, there) = (NodeId(1), NodeId(u64::MAX));
        for (news, name) in [
            (
                News::Frame(Scope::Conversation(room), "喜鹊".into()),
                "magpie:{conversation:5}",
            ),
            (News::Subscribe(user, room), "magpie:{user:17}"),
            (
                News::Came(user, DeviceId::new(3).unwrap()),
                "magpie:{user:17}",
            ),
            (News::EndDevice(DeviceId::new(3).unwrap()), "magpie:{nodes}"),
        ] {
            let channel = news.channel();
            assert_eq!(channel, name);
            let read = |own| News::unpack(channel.as_bytes(), news.pack(there), own);
            assert_eq!(read(here), Some(news.clone()));
            assert_eq!(read(there), None);
        }
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        for (channel, packed) in [
            ("magpie:{nodes}", &b""[..]),
            ("magpie:{nodes}", b"12345678"),
            ("magpie:{nodes}", b"12345678e"),
            ("magpie:{nodes}", b"12345678exy"),
            ("magpie:{nodes}", b"12345678ftext"),
            ("magpie:{user:1}", b"12345678f\xff"),
            ("magpie:{user:1}", b"12345678znew"),
        ] {
            let read = News::unpack(channel.as_bytes(), packed.to_vec(), NodeId(1));
            assert_eq!(read, None, "{channel}");
        }
    }
}
