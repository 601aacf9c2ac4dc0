//! Finding people.
//!
//! The list has three stretches: who has exactly this number or user name, then those whose user
//! name begins with it, then those whose nickname does. Nobody is in it twice. A page may end in one
//! stretch, and its cursor says in which, and after whom.

use axum::extract::State;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use magpie_protocol::{ErrorBody, ErrorCode, Page, UserId, accounts::User, routes};
use serde::{Deserialize, Serialize};

use super::rows::{search_key, user_from};
use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json, Query},
    sessions::Auth,
    sync::cursor,
};

/// The longest name that is searched for.
const LONGEST: usize = 64;

/// Greater than every character of a name, which makes the end of a range of names.
const LAST: char = '\u{10FFFF}';

/// Who is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// A number, or a user name or nickname or the beginning of one.
    q: String,
    /// `next` of the part before.
    cursor: Option<String>,
    /// How many at most; 1 to 500.
    limit: Option<u64>,
}

/// Where a page begins.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Place {
    /// Among the user names, after this one.
    #[serde(rename = "u")]
    Username(String),
    /// Among the nicknames, after this key of this user.
    #[serde(rename = "n")]
    Nickname(String, UserId),
}

impl Place {
    fn read(text: &str) -> Result<Self, AppError> {
        BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| AppError::new(ErrorCode::InvalidRequest, "not a cursor of this server"))
    }

    fn write(&self) -> Result<String, AppError> {
        let bytes = serde_json::to_vec(self).map_err(AppError::failed)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// Finds people by number, user name or nickname.
#[utoipa::path(
    get, path = routes::USERS, tag = "accounts", params(Wanted),
    responses(
        (status = 200, description = "A part of the list", body = Page<User>),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn search(
    State(app): State<App>,
    _auth: Auth,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<User>>, AppError> {
    let limit = cursor::limit(wanted.limit)?;
    let text = wanted.q.trim().to_owned();
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(AppError::new(
            ErrorCode::InvalidRequest,
            "q is a name of 1 to 64 characters",
        ));
    }
    let from = wanted.cursor.as_deref().map(Place::read).transpose()?;
    let page = app
        .db()
        .read(move |tx| find(tx, &text, from.as_ref(), limit))
        .await?;
    Ok(Json(page))
}

fn find(
    tx: &mut Tx<'_>,
    text: &str,
    from: Option<&Place>,
    limit: u32,
) -> Result<Page<User>, AppError> {
    let name = text.to_lowercase();
    let exact = exact(tx, text, &name)?;
    let exact_id = exact.as_ref().map(|user| user.id);
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut items = Vec::new();
    let mut places = Vec::new();

    // One more than wanted, to know whether there is one.
    let missing = |items: &Vec<User>| limit + 1 - u32::try_from(items.len()).unwrap_or(limit);
    if from.is_none()
        && let Some(user) = exact
    {
        // All user names that begin with this come after it.
        places.push(Place::Username(String::new()));
        items.push(user);
    }
    if let None | Some(Place::Username(_)) = from {
        let after = match from {
            Some(Place::Username(after)) => after,
            _ => "",
        };
        for user in by_username(tx, &name, after, exact_id, missing(&items))? {
            places.push(Place::Username(user.username.clone()));
            items.push(user);
        }
    }
    if missing(&items) > 0 {
        let start = (String::new(), None);
        let (after, id) = match from {
            Some(Place::Nickname(after, id)) => (after, Some(*id)),
            _ => (&start.0, start.1),
        };
        for (user, key) in by_nickname(tx, text, &name, after, id, exact_id, missing(&items))? {
            places.push(Place::Nickname(key, user.id));
            items.push(user);
        }
    }

    let more = items.len() > wanted;
    items.truncate(wanted);
    places.truncate(wanted);
    let next = match places.last() {
        Some(place) if more => Some(place.write()?),
        _ => None,
    };
    Ok(Page { items, next })
}

fn exact(tx: &mut Tx<'_>, text: &str, name: &str) -> Result<Option<User>, DbError> {
    // A user name is never all digits, so only one of the two can be.
    let id = text.parse::<UserId>().ok();
    tx.first(
        "SELECT id, username, nickname, signature, gender, region
         FROM users WHERE id = $1 OR username = $2",
        params![id, name],
        |row| user_from(row, 0),
    )
}

fn by_username(
    tx: &mut Tx<'_>,
    name: &str,
    after: &str,
    except: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, DbError> {
    tx.all(
        "SELECT id, username, nickname, signature, gender, region
         FROM users
         WHERE username >= $1 AND username < $2 AND username > $3 AND id <> $4
         ORDER BY username LIMIT $5",
        params![name, end_of(name), after, id_or_none(except), limit],
        |row| user_from(row, 0),
    )
}

fn by_nickname(
    tx: &mut Tx<'_>,
    text: &str,
    name: &str,
    after: &str,
    after_id: Option<UserId>,
    except: Option<UserId>,
    limit: u32,
) -> Result<Vec<(User, String)>, DbError> {
    let key = search_key(text);
    tx.all(
        "SELECT id, username, nickname, signature, gender, region, nickname_key
         FROM users
         WHERE nickname_key >= $1 AND nickname_key < $2 AND (nickname_key, id) > ($3, $4)
           AND NOT (username >= $5 AND username < $6) AND id <> $7
         ORDER BY nickname_key, id LIMIT $8",
        params![
            key,
            end_of(&key),
            after,
            id_or_none(after_id),
            name,
            end_of(name),
            id_or_none(except),
            limit
        ],
        |row| Ok((user_from(row, 0)?, row.get(6)?)),
    )
}

/// Returns the end of the range of names that begin with `start`.
fn end_of(start: &str) -> String {
    let mut end = start.to_owned();
    end.push(LAST);
    end
}

/// Returns the number, or one that nobody has.
fn id_or_none(id: Option<UserId>) -> u64 {
    id.map_or(0, UserId::get)
}
