//! As much of RFC 6455 as a link must read: where frames begin and end, and what they hold.

/// A frame at the front of a stretch of bytes.
pub(super) struct Frame {
    /// The bytes of it, its head included.
    pub(super) bytes: usize,
    /// What it holds, unmasked.
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// Reads a frame from the front of `data`, once it is whole.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let second = *data.get(1)?;
        let (length, mut at) = match second & 0x7f {
            126 => (
                usize::from(u16::from_be_bytes(data.get(2..4)?.try_into().ok()?)),
                4,
            ),
            127 => {
                let length = u64::from_be_bytes(data.get(2..10)?.try_into().ok()?);
                (usize::try_from(length).ok()?, 10)
            }
            short => (usize::from(short), 2),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            let mask: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
            at += 4;
            Some(mask)
        };
        let mut payload = data.get(at..at.checked_add(length)?)?.to_vec();
        if let Some(mask) = mask {
            for (byte, key) in payload.iter_mut().zip(mask.into_iter().cycle()) {
                *byte ^= key;
            }
        }
        Some(Self {
            bytes: at + length,
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 6455, section 5.7.
        let plain = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0xff];
        let frame = Frame::read(&plain).unwrap();
        assert_eq!((frame.bytes, frame.payload.as_slice()), (7, &b"Hello"[..]));
        let masked = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        let frame = Frame::read(&masked).unwrap();
        assert_eq!((frame.bytes, frame.payload.as_slice()), (11, &b"Hello"[..]));
        for end in 0..masked.len() {
            assert!(
                Frame::read(&masked[..end]).is_none(),
                "{end} bytes are not a frame"
            );
        }
    }

    #[test]
    fn long_frames_have_long_lengths() {
        for (head, length) in [
            (vec![0x81, 126, 1, 0], 256),
            (vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536),
        ] {
            let mut data = head.clone();
            data.extend(vec![b'x'; length]);
            let frame = Frame::read(&data).unwrap();
            assert_eq!((frame.bytes, frame.payload.len()), (data.len(), length));
            assert!(Frame::read(&data[..data.len() - 1]).is_none());
        }
    }
}
