//! The numbers that say which part of a list is wanted.

use magpie_protocol::{
    ErrorBody, ErrorCode, MAX_NUMBER,
    limits::{PAGE_DEFAULT, PAGE_MAX},
};

/// Returns how many entries are wanted at most; [`PAGE_DEFAULT`] where nothing was said.
///
/// # Errors
/// `invalid_request` for 0 and for more than [`PAGE_MAX`].
pub(crate) fn limit(wanted: Option<u64>) -> Result<u32, ErrorBody> {
    limit_or(wanted, PAGE_DEFAULT)
}

/// As [`limit`], with another number where nothing was said.
pub(crate) fn limit_or(wanted: Option<u64>, default: u32) -> Result<u32, ErrorBody> {
    match wanted.map(u32::try_from) {
        None => Ok(default),
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(ErrorBody::new(
            ErrorCode::InvalidRequest,
            "limit is a number from 1 to 500",
        )),
    }
}

/// Returns a cursor as it was given.
///
/// # Errors
/// `invalid_request` above [`MAX_NUMBER`], which no cursor of ours ever is.
pub(crate) fn number(cursor: Option<u64>) -> Result<Option<u64>, ErrorBody> {
    match cursor {
        Some(number) if number > MAX_NUMBER => Err(out_of_range()),
        other => Ok(other),
    }
}

/// Reads the opaque cursor of a page that is a row of numbers; `None` for the first page.
///
/// # Errors
/// `invalid_request` when it is not one that [`opaque`] made of as many numbers.
pub(crate) fn numbers<const N: usize>(text: Option<&str>) -> Result<Option<[u64; N]>, ErrorBody> {
    let Some(text) = text else { return Ok(None) };
    let mut numbers = [0; N];
    let mut parts = text.split('-');
    for number in &mut numbers {
        *number = parts
            .next()
            .and_then(|part| part.parse().ok())
            .filter(|number| *number <= MAX_NUMBER)
            .ok_or_else(out_of_range)?;
    }
    match parts.next() {
        None => Ok(Some(numbers)),
        Some(_) => Err(out_of_range()),
    }
}

/// Writes the cursor that [`numbers`] reads.
pub(crate) fn opaque<const N: usize>(numbers: [u64; N]) -> String {
    numbers.map(|number| number.to_string()).join("-")
}

fn out_of_range() -> ErrorBody {
    ErrorBody::new(ErrorCode::InvalidRequest, "not a cursor of this server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_kept() {
        assert_eq!(limit(None), Ok(PAGE_DEFAULT));
        assert_eq!(limit(Some(500)), Ok(500));
        for bad in [0, 501, u64::MAX] {
            assert!(limit(Some(bad)).is_err());
        }
    }

    #[test]
    fn cursors_are_read_back_and_nothing_else() {
        assert_eq!(numbers(Some(&opaque([3, 7]))), Ok(Some([3, 7])));
        assert_eq!(numbers::<1>(None), Ok(None));
        for bad in ["", "3", "3-", "3-7-1", "-3-7", "3-x", "3-9007199254740992"] {
            assert!(numbers::<2>(Some(bad)).is_err(), "{bad}");
        }
    }
}
