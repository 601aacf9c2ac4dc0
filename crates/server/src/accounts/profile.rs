//! The rules for what people say of themselves.

use magpie_protocol::{
    ErrorCode, Timestamp,
    accounts::{Account, UpdateAccount},
    limits::{REGION_CHARS, SIGNATURE_CHARS},
    names,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Returns the change with its texts trimmed.
///
/// # Errors
/// [`ErrorCode::InvalidNickname`] and [`ErrorCode::InvalidProfile`].
pub(super) fn check(change: UpdateAccount, now: Timestamp) -> Result<UpdateAccount, ErrorCode> {
    Ok(UpdateAccount {
        nickname: change
            .nickname
            .as_deref()
            .map(names::nickname)
            .transpose()?,
        signature: line(change.signature, SIGNATURE_CHARS)?,
        gender: change.gender,
        birthday: match change.birthday {
            Some(day) if !day.is_empty() && !is_birthday(&day, now) => {
                return Err(ErrorCode::InvalidProfile);
            }
            birthday => birthday,
        },
        region: line(change.region, REGION_CHARS)?,
    })
}

/// Returns the account with the fields of the checked change.
pub(super) fn apply(mut account: Account, change: &UpdateAccount) -> Account {
    let change = change.clone();
    let user = &mut account.user;
    if let Some(nickname) = change.nickname {
        user.nickname = nickname;
    }
    if let Some(signature) = change.signature {
        user.signature = signature;
    }
    if let Some(gender) = change.gender {
        user.gender = gender;
    }
    if let Some(region) = change.region {
        user.region = region;
    }
    if let Some(day) = change.birthday {
        account.birthday = Some(day).filter(|day| !day.is_empty());
    }
    account
}

fn line(text: Option<String>, chars: usize) -> Result<Option<String>, ErrorCode> {
    let text = text.map(|text| text.trim().to_owned());
    match text {
        Some(text) if text.chars().count() > chars || names::has_deceptive(&text) => {
            Err(ErrorCode::InvalidProfile)
        }
        text => Ok(text),
    }
}

/// Tells whether this is a day as `YYYY-MM-DD`, from 1900 to today, wherever today has begun.
fn is_birthday(text: &str, now: Timestamp) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    if (year.len(), month.len(), day.len()) != (4, 2, 2)
        || ![year, month, day].into_iter().all(digits)
    {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (
        year.parse::<i64>(),
        month.parse::<i64>(),
        day.parse::<i64>(),
    ) else {
        return false;
    };
    year >= 1900
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && days_since_1970(year, month, day) <= now.0.div_euclid(DAY_MS) + 1
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Howard Hinnant's `days_from_civil`: counts in years that begin in March, so that the leap day
/// comes last.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2023-11-14.
    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    #[test]
    fn birthdays_are_real_days_in_the_past() {
        for good in ["1900-01-01", "2000-02-29", "2023-11-14", "2023-11-15"] {
            assert!(is_birthday(good, NOW), "{good}");
        }
        for bad in [
            "2023-11-16",
            "1899-12-31",
            "1900-02-29",
            "2001-13-01",
            "2001-00-01",
            "2001-04-31",
            "2001-4-30",
            "+200-01-01",
            "2001-01-01-",
            "2001-01",
            "二〇〇一",
        ] {
            assert!(!is_birthday(bad, NOW), "{bad}");
        }
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(2023, 11, 14), NOW.0 / DAY_MS);
    }

    #[test]
    fn texts_are_trimmed_and_held_to_one_line() {
        let signature = |text: &str| {
            let change = UpdateAccount {
                signature: Some(text.into()),
                ..UpdateAccount::default()
            };
            check(change, NOW).map(|change| change.signature)
        };
        assert_eq!(signature(" 你好 "), Ok(Some("你好".into())));
        assert_eq!(signature(""), Ok(Some(String::new())));
        for bad in ["a\nb", "a\u{202E}b", &"字".repeat(SIGNATURE_CHARS + 1)] {
            assert_eq!(signature(bad), Err(ErrorCode::InvalidProfile), "{bad:?}");
        }
    }
}
