//! `admin restored`.

use super::{Desk, show};
use crate::{clock, db::DbError, sync::history};

/// Gives the database another history, so that devices begin again.
pub(super) async fn run(desk: &Desk) -> anyhow::Result<()> {
    let fresh = clock::bytes(desk.random());
    let present = desk
        .db
        .write::<_, DbError, _>(move |tx| {
            history::renew(tx, &fresh)?;
            history::present(tx)
        })
        .await?;
    match desk.json {
        true => show::json(&serde_json::json!({ "history": present })),
        false => Ok(show::text(
            "Devices load anew what they hold of this database, each when it next connects.",
        )?),
    }
}
