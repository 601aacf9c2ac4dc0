//! Reading users and accounts.

use magpie_protocol::{
    UserId,
    accounts::{Account, Gender, User},
    sync::{Change, Item},
};
use unicode_normalization::UnicodeNormalization as _;

use crate::db::{DbError, Row, Tx, params};

/// Reads what others see of a user from the columns `id, username, nickname, signature, gender,
/// region` that begin at `at`.
pub(crate) fn user_from(row: &Row<'_>, at: usize) -> Result<User, DbError> {
    let gender: String = row.get(at + 4)?;
    Ok(User {
        id: row.get(at)?,
        username: row.get(at + 1)?,
        nickname: row.get(at + 2)?,
        signature: row.get(at + 3)?,
        gender: read_gender(&gender)?,
        region: row.get(at + 5)?,
    })
}

/// Reads an account from the columns of a user and `email, birthday, created_at`, which begin at
/// `at`.
fn account_from(row: &Row<'_>, at: usize) -> Result<Account, DbError> {
    Ok(Account {
        user: user_from(row, at)?,
        email: row.get(at + 6)?,
        birthday: row.get(at + 7)?,
        created_at: row.get(at + 8)?,
    })
}

/// Returns what others see of a user.
///
/// # Errors
/// What the database says.
pub(crate) fn find_user(tx: &mut Tx<'_>, id: UserId) -> Result<Option<User>, DbError> {
    tx.first(
        "SELECT id, username, nickname, signature, gender, region FROM users WHERE id = $1",
        params![id],
        |row| user_from(row, 0),
    )
}

/// Returns an account.
///
/// # Errors
/// What the database says.
pub(crate) fn find_account(tx: &mut Tx<'_>, id: UserId) -> Result<Option<Account>, DbError> {
    tx.first(
        "SELECT id, username, nickname, signature, gender, region, email, birthday, created_at
         FROM users WHERE id = $1",
        params![id],
        |row| account_from(row, 0),
    )
}

/// Returns the account, if it changed after revision `since` of its user's scope.
///
/// # Errors
/// What the database says.
pub(crate) fn account_since(
    tx: &mut Tx<'_>,
    id: UserId,
    since: u64,
) -> Result<Option<Change>, DbError> {
    tx.first(
        "SELECT account_rev, id, username, nickname, signature, gender, region, email, birthday,
                created_at
         FROM users WHERE id = $1 AND account_rev > $2",
        params![id, since],
        |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::Account(account_from(row, 1)?),
            })
        },
    )
}

/// Returns how a gender is stored.
pub(super) const fn gender_text(gender: Gender) -> &'static str {
    match gender {
        Gender::Unspecified => "unspecified",
        Gender::Female => "female",
        Gender::Male => "male",
        Gender::Other => "other",
    }
}

fn read_gender(text: &str) -> Result<Gender, DbError> {
    match text {
        "unspecified" => Ok(Gender::Unspecified),
        "female" => Ok(Gender::Female),
        "male" => Ok(Gender::Male),
        "other" => Ok(Gender::Other),
        _ => Err(DbError::Column("a gender")),
    }
}

/// Returns a name in the form in which it is searched: compatibility characters replaced, such as
/// full-width letters, and in lower case.
pub(super) fn search_key(name: &str) -> String {
    name.nfkc()
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_typed() {
        assert_eq!(search_key("ＺＯË 李明"), search_key("zoe\u{308} 李明"));
        assert_ne!(search_key("Zoe"), search_key("Zoë"));
    }
}
