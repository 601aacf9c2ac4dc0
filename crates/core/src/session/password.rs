//! The digest that stands for a password.

use magpie_protocol::{
    limits::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS},
    sessions::PasswordDigest,
};
use md5::{Digest as _, Md5};
use unicode_normalization::UnicodeNormalization as _;

use crate::{CoreError, LocalCode};

/// Returns `md5("magpie:" + password)`, the password in Unicode NFC, so that it is the same from
/// every keyboard. What this is for, [`PasswordDigest`] tells.
pub(crate) fn digest(password: &str) -> PasswordDigest {
    let mut md5 = Md5::new();
    md5.update(b"magpie:");
    md5.update(password.nfc().collect::<String>().as_bytes());
    PasswordDigest::from_md5(md5.finalize().into())
}

/// As [`digest`], for a password that is chosen now.
///
/// # Errors
/// [`LocalCode::PasswordLength`] unless it has 8 to 128 characters.
pub(crate) fn digest_of_new(password: &str) -> Result<PasswordDigest, CoreError> {
    let chars = password.nfc().count();
    if (PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&chars) {
        Ok(digest(password))
    } else {
        Err(CoreError::local(
            LocalCode::PasswordLength,
            format!("a password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureCode;

    #[test]
    fn the_digest_is_the_known_one() {
        // printf 'magpie:password' | md5sum
        assert_eq!(
            digest("password").as_str(),
            "61fea650ff158da93a3c2f20471ce83d"
        );
    }

    #[test]
    fn composed_and_decomposed_passwords_are_the_same() {
        assert_eq!(digest("Zo\u{eb} 喜鹊"), digest("Zoe\u{308} 喜鹊"));
        assert_ne!(digest("zoë"), digest("Zoë"));
    }

    #[test]
    fn a_new_password_is_counted_in_characters() {
        for good in ["八个字的密码就够", &"x".repeat(128)] {
            assert!(digest_of_new(good).is_ok(), "{good}");
        }
        for bad in ["", "1234567", &"x".repeat(129)] {
            let code = digest_of_new(bad).unwrap_err().code();
            assert_eq!(code, FailureCode::Local(LocalCode::PasswordLength));
        }
    }
}
