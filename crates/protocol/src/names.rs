//! Rules for names that people give themselves.

use crate::{
    ErrorCode,
    limits::{EMAIL_BYTES, NICKNAME_CHARS, USERNAME_CHARS},
};

/// Returns the canonical form of a user name: lower case, for it is unique ignoring case.
///
/// # Errors
/// [`ErrorCode::InvalidUsername`] unless it is 3 to 32 of `a-z A-Z 0-9 _ . -` with a letter among
/// them; one of digits alone could be taken for a user's number.
pub fn username(text: &str) -> Result<String, ErrorCode> {
    let fits = USERNAME_CHARS.contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !text.bytes().all(|b| b.is_ascii_digit());
    if fits {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(ErrorCode::InvalidUsername)
    }
}

/// Returns a nickname without surrounding white space.
///
/// # Errors
/// [`ErrorCode::InvalidNickname`] when nothing or more than 64 characters are left, or when
/// [`has_deceptive`] finds something.
pub fn nickname(text: &str) -> Result<String, ErrorCode> {
    let text = text.trim();
    if NICKNAME_CHARS.contains(&text.chars().count()) && !has_deceptive(text) {
        Ok(text.to_owned())
    } else {
        Err(ErrorCode::InvalidNickname)
    }
}

/// Returns an e-mail address with its domain in lower case.
///
/// Only the shape is checked, as in the HTML standard: whether mail arrives there, only mail can
/// tell.
///
/// # Errors
/// [`ErrorCode::InvalidEmail`].
pub fn email(text: &str) -> Result<String, ErrorCode> {
    let text = text.trim();
    let invalid = Err(ErrorCode::InvalidEmail);
    let Some((local, domain)) = text.rsplit_once('@') else {
        return invalid;
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let fits = text.len() <= EMAIL_BYTES
        && !local.is_empty()
        && local.len() <= 64
        && !local.contains(|c: char| c.is_whitespace() || c == '@' || c.is_control())
        && !has_deceptive(text)
        && domain.contains('.')
        && domain.split('.').all(label);
    if fits {
        Ok(format!("{local}@{}", domain.to_lowercase()))
    } else {
        invalid
    }
}

/// Tells whether a one-line text holds characters that are invisible or change the direction of
/// what stands around them, so that it could pass for another.
///
/// These are control characters, line and paragraph separators, the bidirectional controls of
/// UAX #9, zero-width spaces and the like, and Hangul fillers. The zero-width joiners are allowed
/// inside a text, since emoji and several scripts need them, but not at its ends.
#[must_use]
pub fn has_deceptive(text: &str) -> bool {
    let joiner = |c: char| matches!(c, '\u{200C}' | '\u{200D}');
    text.starts_with(joiner)
        || text.ends_with(joiner)
        || text.chars().any(|c| {
            c.is_control()
                || matches!(c,
                    '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}'
                    | '\u{17B5}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
                    | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
                    | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_fold_case_and_are_never_numbers() {
        assert_eq!(username("Ming.Li-2"), Ok("ming.li-2".into()));
        for bad in [
            "",
            "ab",
            "12345",
            "李明明",
            "a b c",
            "a@b",
            &"a".repeat(33),
            "ab\u{200B}c",
        ] {
            assert_eq!(username(bad), Err(ErrorCode::InvalidUsername), "{bad:?}");
        }
    }

    #[test]
    fn nicknames_take_any_script_but_nothing_hidden() {
        for good in ["李明", "Zoë", "👩‍👩‍👧 家", "می‌خواهم", &"字".repeat(64)]
        {
            assert_eq!(nickname(good).as_deref(), Ok(good));
        }
        assert_eq!(nickname("  李明 ").as_deref(), Ok("李明"));
        for bad in [
            "",
            "   ",
            "a\u{202E}b",
            "a\u{200B}b",
            "\u{200D}",
            "a\nb",
            &"字".repeat(65),
        ] {
            assert_eq!(nickname(bad), Err(ErrorCode::InvalidNickname), "{bad:?}");
        }
    }

    #[test]
    fn email_addresses_have_the_shape_of_one() {
        assert_eq!(
            email(" Ming@Example.COM ").as_deref(),
            Ok("Ming@example.com")
        );
        for bad in [
            "", "a", "a@", "@b.c", "a@b", "a b@c.d", "a@-b.c", "a@b..c", "a@@b.c",
        ] {
            assert_eq!(email(bad), Err(ErrorCode::InvalidEmail), "{bad:?}");
        }
    }
}
