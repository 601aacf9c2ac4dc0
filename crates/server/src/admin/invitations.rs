//! `admin invitations`.

use anyhow::bail;
use magpie_protocol::Timestamp;
use serde::Serialize;

use super::{Desk, pages, show};
use crate::{
    config::WhoRegisters,
    invitations::{self, Invitation, InvitationCode, NewInvitation},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Invitations {
    /// Makes an invitation and shows its code, this once
    Create(Create),
    /// Shows all invitations, without their codes
    List,
    /// Withdraws an invitation; accounts that were made with it stay
    Revoke {
        /// The invitation's number
        #[arg(value_name = "NUMBER")]
        id: i64,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// Accounts that may be made with it
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    uses: u32,
    /// Days for which it is good; 0 for ever
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(..=36_500))]
    days: u32,
    /// Whom or what it is for; only the operator sees it
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Who makes it; only the operator sees it
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env = true,
        default_value = "operator"
    )]
    by: String,
    /// How many such invitations to make
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    count: u32,
}

#[derive(Debug, Serialize)]
struct Made {
    id: i64,
    code: String,
    uses: u32,
    expires_at: Option<Timestamp>,
}

impl Invitations {
    pub(super) async fn run(self, desk: &Desk) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run(desk).await,
            Self::List => list(desk).await,
            Self::Revoke { id } => revoke(desk, id).await,
        }
    }
}

impl Create {
    async fn run(self, desk: &Desk) -> anyhow::Result<()> {
        let now = desk.now();
        let days = i64::from(self.days);
        let expires_at = (days > 0).then(|| now.plus_millis(days * DAY_MS));
        let uses = self.uses;
        let new = NewInvitation {
            note: self.note,
            created_by: self.by,
            expires_at,
            uses,
        };
        let codes: Vec<_> = (0..self.count)
            .map(|_| InvitationCode::new(desk.random()))
            .collect();
        let made = desk
            .db
            .write::<_, anyhow::Error, _>(move |tx| {
                let mut made = Vec::with_capacity(codes.len());
                for code in &codes {
                    made.push(Made {
                        id: invitations::create(tx, code, &new, now)?,
                        code: code.to_string(),
                        uses,
                        expires_at,
                    });
                }
                Ok(made)
            })
            .await?;
        if desk.json {
            return show::json(&made);
        }
        for invitation in made {
            show::text(&invitation.code)?;
        }
        if desk.config.registration != WhoRegisters::Invitation {
            eprintln!(
                "The settings do not ask for invitations: this server wants `registration = \
                 \"invitation\"`."
            );
        }
        Ok(())
    }
}

async fn list(desk: &Desk) -> anyhow::Result<()> {
    let all = desk
        .db
        .read::<_, anyhow::Error, _>(|tx| {
            let next = |last| invitations::list(tx, last, pages::PAGE);
            Ok(pages::collect(next, |it: &Invitation| it.id, |_| true)?)
        })
        .await?;
    if desk.json {
        return show::json(&all);
    }
    let now = desk.now();
    let rows: Vec<_> = all
        .iter()
        .map(|invitation| {
            vec![
                invitation.id.to_string(),
                state(invitation, now).to_owned(),
                format!("{}/{}", invitation.used, invitation.uses),
                show::time(Some(invitation.created_at)),
                show::time(invitation.expires_at),
                show::harmless(&invitation.created_by),
                show::harmless(&invitation.note),
            ]
        })
        .collect();
    let head = [
        "number",
        "state",
        "used",
        "made",
        "good until",
        "by",
        "note",
    ];
    show::text(&show::table(&head, &rows))?;
    Ok(())
}

async fn revoke(desk: &Desk, id: i64) -> anyhow::Result<()> {
    let now = desk.now();
    let revoked = desk
        .db
        .write::<_, anyhow::Error, _>(move |tx| Ok(invitations::revoke(tx, id, now)?))
        .await?;
    if !revoked {
        bail!("there is no invitation {id} that could be withdrawn");
    }
    match desk.json {
        true => show::json(&serde_json::json!({"id": id, "revoked": true})),
        false => Ok(show::text(&format!("Invitation {id} is good no longer."))?),
    }
}

fn state(invitation: &Invitation, now: Timestamp) -> &'static str {
    if invitation.revoked_at.is_some() {
        "withdrawn"
    } else if invitation.used >= invitation.uses {
        "used up"
    } else if invitation.expires_at.is_some_and(|until| until <= now) {
        "run out"
    } else {
        "good"
    }
}
