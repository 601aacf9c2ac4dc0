//! The code of an invitation.

use sha2::{Digest as _, Sha256};

use crate::clock::{self, Random};

/// What a code is written in: digits and letters without those that look alike (Crockford's base
/// 32). Five bits each.
const LETTERS: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Letters in a code, which so holds 60 bits of chance: guessing one over the network is hopeless.
const LENGTH: usize = 12;

/// A code, such as `7XKM-P2QF-9TRA`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct InvitationCode([u8; LENGTH]);

impl InvitationCode {
    /// Makes a code.
    pub(crate) fn new(random: &dyn Random) -> Self {
        let bytes = clock::bytes::<LENGTH>(random);
        Self(bytes.map(|byte| {
            let place = usize::from(byte) % LETTERS.len();
            LETTERS.get(place).copied().unwrap_or(b'0')
        }))
    }

    /// Reads a code as somebody typed it: in lower case too, with hyphens and spaces or without,
    /// and with letters for the digits that they look like.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut letters = text
            .chars()
            .filter(|letter| !matches!(letter, '-' | ' '))
            .map(|letter| match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                letter => letter,
            })
            .map(|letter| {
                u8::try_from(letter)
                    .ok()
                    .filter(|byte| LETTERS.contains(byte))
            });
        let mut code = [0; LENGTH];
        for place in &mut code {
            *place = letters.next()??;
        }
        letters.next().is_none().then_some(Self(code))
    }

    /// Returns what the database holds of it. The code has too much chance in it for its digest to
    /// be undone.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl std::fmt::Display for InvitationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (group, letters) in self.0.chunks(4).enumerate() {
            let letters = std::str::from_utf8(letters).unwrap_or_default();
            write!(f, "{}{letters}", if group > 0 { "-" } else { "" })?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = InvitationCode::new(&SystemRandom);
        let text = code.to_string();
        assert_eq!(text.len(), 14, "{text}");
        for typed in [
            text.clone(),
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(InvitationCode::read(&typed), Some(code.clone()), "{typed}");
        }
    }

    #[test]
    fn nothing_else_is_a_code() {
        for bad in [
            "",
            "7XKM-P2QF",
            "7XKM-P2QF-9TRA-1",
            "7XKM-P2QF-9TRU",
            "七XKMP2QF9TRA",
        ] {
            assert_eq!(InvitationCode::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_code_is_another() {
        let codes: std::collections::HashSet<_> = (0..1_000)
            .map(|_| InvitationCode::new(&SystemRandom).hash())
            .collect();
        assert_eq!(codes.len(), 1_000);
    }
}
