//! Limits that both sides keep to. Lengths of text count Unicode scalar values (`char`s).

/// User names: shortest and longest.
pub const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 3..=32;
/// Nicknames: shortest and longest, after surrounding white space is cut.
pub const NICKNAME_CHARS: std::ops::RangeInclusive<usize> = 1..=64;
/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets), in bytes.
pub const EMAIL_BYTES: usize = 254;
/// The longest signature ("about me") line.
pub const SIGNATURE_CHARS: usize = 200;
/// The longest region.
pub const REGION_CHARS: usize = 64;
/// The longest name of a device.
pub const DEVICE_NAME_CHARS: usize = 64;
/// The longest message that goes with a friend request.
pub const FRIEND_MESSAGE_CHARS: usize = 200;
/// The longest remark name that one gives a friend.
pub const REMARK_CHARS: usize = 64;
/// The longest text of a message.
pub const TEXT_CHARS: usize = 8_000;
/// The shortest password that the client accepts at registration. The server sees only a digest.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// The longest password that the client accepts.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// The largest body of a JSON request, in bytes.
pub const BODY_BYTES: usize = 128 * 1024;
/// The largest frame that a client may send over the socket, in bytes; a larger one ends it.
pub const FRAME_BYTES: usize = 128 * 1024;
/// The most entries that one page holds; what an answer holds where no limit is asked for is
/// [`PAGE_DEFAULT`].
pub const PAGE_MAX: u32 = 500;
/// See [`PAGE_MAX`].
pub const PAGE_DEFAULT: u32 = 100;
/// How long one must wait before asking the same person for friendship again.
pub const FRIEND_REQUEST_PAUSE_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a friend request can be answered; afterwards it counts as ignored.
pub const FRIEND_REQUEST_LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Above this many members, marks are not broadcast.
pub const BROADCAST_MARKS_MEMBERS: usize = 20;
