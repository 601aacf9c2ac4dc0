//! A password that the operator sets.

use anyhow::bail;
use magpie_protocol::{
    limits::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS},
    sessions::PasswordDigest,
};
use md5::{Digest as _, Md5};
use unicode_normalization::UnicodeNormalization as _;

use crate::clock::{self, Random};

/// Letters and digits that nobody mistakes for one another; 32, so each holds five bits.
const LETTERS: [u8; 32] = *b"abcdefghjkmnpqrstuvwxyz023456789";

/// Makes a password of 80 bits of chance, in groups that can be read out.
pub(super) fn generate(random: &dyn Random) -> String {
    let mut password = String::with_capacity(19);
    for (place, byte) in clock::bytes::<16>(random).into_iter().enumerate() {
        if place > 0 && place.is_multiple_of(4) {
            password.push('-');
        }
        let letter = LETTERS.get(usize::from(byte) % LETTERS.len());
        password.extend(letter.copied().map(char::from));
    }
    password
}

/// Returns what a client sends for this password; see [`PasswordDigest`].
///
/// # Errors
/// Unless it has as many characters as clients ask for.
pub(super) fn digest(password: &str) -> anyhow::Result<PasswordDigest> {
    let password: String = password.nfc().collect();
    if !(PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&password.chars().count()) {
        bail!("a password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters");
    }
    let mut md5 = Md5::new();
    md5.update(b"magpie:");
    md5.update(password.as_bytes());
    Ok(PasswordDigest::from_md5(md5.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    #[test]
    fn the_digest_is_the_one_that_clients_make() {
        // printf 'magpie:password' | md5sum
        assert_eq!(
            digest("password").unwrap().as_str(),
            "61fea650ff158da93a3c2f20471ce83d"
        );
        let composed = digest("Zo\u{eb} 喜鹊喜鹊").unwrap();
        assert_eq!(composed, digest("Zoe\u{308} 喜鹊喜鹊").unwrap());
        assert!(digest("1234567").is_err());
        assert!(digest(&"x".repeat(129)).is_err());
    }

    #[test]
    fn a_generated_password_is_taken_and_never_the_same() {
        let (one, other) = (generate(&SystemRandom), generate(&SystemRandom));
        assert_eq!(one.len(), 19, "{one}");
        assert!(digest(&one).is_ok());
        assert_ne!(one, other);
    }
}
