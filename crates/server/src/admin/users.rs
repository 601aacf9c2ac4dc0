//! `admin users`.

use std::io::{self, BufRead as _};

use anyhow::{Context as _, bail};
use magpie_protocol::{DeviceId, UserId, accounts::Device};
use serde::Serialize;
use serde_json::json;

use super::{
    Desk, notices, password,
    people::{self, Person},
    show,
};
use crate::{
    AppError,
    db::{Tx, params},
    sessions::{self, Passwords},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Users {
    /// Shows everybody who has an account
    List(List),
    /// Shows one person and their devices
    Show(Who),
    /// Keeps somebody from signing in, and ends their sessions
    Disable(Who),
    /// Lets somebody sign in again who was disabled
    Enable(Who),
    /// Gives somebody a new password, which is shown once, and ends their sessions
    ResetPassword(ResetPassword),
    /// Signs somebody's devices out
    EndSessions(EndSessions),
}

#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// The person's user name, number or e-mail address
    #[arg(value_name = "USER")]
    user: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those in whose user name, nickname or e-mail address this stands
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those who are disabled
    #[arg(long)]
    disabled: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ResetPassword {
    #[command(flatten)]
    who: Who,
    /// Read the new password from the first line of the standard input instead of making one
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct EndSessions {
    #[command(flatten)]
    who: Who,
    /// Only this one, by its number
    #[arg(long, value_name = "NUMBER", value_parser = |number: &str| number.parse::<DeviceId>().map_err(|_| "not a device's number"))]
    device: Option<DeviceId>,
}

impl Users {
    pub(super) async fn run(self, desk: &Desk) -> anyhow::Result<()> {
        match self {
            Self::List(list) => list.run(desk).await,
            Self::Show(who) => who.show(desk).await,
            Self::Disable(who) => who.disable(desk).await,
            Self::Enable(who) => who.enable(desk).await,
            Self::ResetPassword(reset) => reset.run(desk).await,
            Self::EndSessions(end) => end.run(desk).await,
        }
    }
}

impl List {
    async fn run(self, desk: &Desk) -> anyhow::Result<()> {
        let now = desk.now();
        let search = self.search.map(|text| text.to_lowercase());
        let wanted = move |person: &Person| {
            let holds = |text: &str| {
                search
                    .as_deref()
                    .is_none_or(|search| text.to_lowercase().contains(search))
            };
            let found = holds(&person.username)
                || holds(&person.nickname)
                || person.email.as_deref().is_some_and(holds);
            found && (person.disabled_at.is_some() || !self.disabled)
        };
        let people = desk
            .db
            .read::<_, anyhow::Error, _>(move |tx| Ok(people::all(tx, now, &wanted)?))
            .await?;
        if desk.json {
            return show::json(&people);
        }
        let rows: Vec<_> = people
            .iter()
            .map(|person| {
                vec![
                    person.id.to_string(),
                    person.username.clone(),
                    state(person).to_owned(),
                    person.devices.to_string(),
                    show::time(Some(person.created_at)),
                    show::time(person.last_seen_at),
                    show::harmless(&person.nickname),
                ]
            })
            .collect();
        let head = [
            "number",
            "user name",
            "state",
            "devices",
            "since",
            "last seen",
            "nickname",
        ];
        show::text(&show::table(&head, &rows))?;
        Ok(())
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    person: Person,
    signed_in: Vec<Device>,
}

impl Who {
    async fn show(self, desk: &Desk) -> anyhow::Result<()> {
        let now = desk.now();
        let shown = desk
            .db
            .read::<_, anyhow::Error, _>(move |tx| {
                let person = self.find(tx, now)?;
                let signed_in = sessions::live_devices(tx, person.id, now)?;
                Ok(Shown { person, signed_in })
            })
            .await?;
        if desk.json {
            return show::json(&shown);
        }
        let Shown { person, signed_in } = shown;
        let mut lines = vec![
            format!("number     {}", person.id),
            format!("user name  {}", person.username),
            format!("nickname   {}", show::harmless(&person.nickname)),
            format!(
                "e-mail     {}",
                show::harmless(person.email.as_deref().unwrap_or("-"))
            ),
            format!("since      {}", show::time(Some(person.created_at))),
            format!("last seen  {}", show::time(person.last_seen_at)),
            format!("state      {}", state(&person)),
        ];
        if let Some(disabled_at) = person.disabled_at {
            lines.push(format!("disabled   {}", show::time(Some(disabled_at))));
        }
        if let Some(invitation) = person.invitation_id {
            lines.push(format!("invitation {invitation}"));
        }
        let rows: Vec<_> = signed_in
            .iter()
            .map(|device| {
                vec![
                    device.id.to_string(),
                    format!("{:?}", device.platform).to_lowercase(),
                    show::time(Some(device.created_at)),
                    show::time(Some(device.last_seen_at)),
                    show::harmless(&device.name),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.push(match rows.is_empty() {
            true => "No device is signed in.".to_owned(),
            false => show::table(&["device", "platform", "since", "last seen", "name"], &rows),
        });
        show::text(&lines.join("\n"))?;
        Ok(())
    }

    async fn disable(self, desk: &Desk) -> anyhow::Result<()> {
        let now = desk.now();
        let (person, ended) = desk
            .db
            .write::<_, anyhow::Error, _>(move |tx| {
                let person = self.find(tx, now)?;
                tx.execute(
                    "UPDATE users SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL",
                    params![person.id, now],
                )?;
                let ended = notices::end_sessions(tx, person.id, None, now)?;
                Ok((person, ended))
            })
            .await?;
        let words = match person.disabled_at {
            Some(_) => "was disabled already",
            None => "is disabled",
        };
        report(desk, &person, words, ended)
    }

    async fn enable(self, desk: &Desk) -> anyhow::Result<()> {
        let now = desk.now();
        let person = desk
            .db
            .write::<_, anyhow::Error, _>(move |tx| {
                let person = self.find(tx, now)?;
                tx.execute(
                    "UPDATE users SET disabled_at = NULL WHERE id = $1",
                    params![person.id],
                )?;
                Ok(person)
            })
            .await?;
        let words = match person.disabled_at {
            Some(_) => "can sign in again",
            None => "was not disabled",
        };
        report(desk, &person, words, 0)
    }

    /// Returns the person, or says that there is none.
    fn find(&self, tx: &mut Tx<'_>, now: magpie_protocol::Timestamp) -> anyhow::Result<Person> {
        people::find(tx, &self.user, now)?
            .with_context(|| format!("there is no user {:?}", self.user))
    }
}

impl ResetPassword {
    async fn run(self, desk: &Desk) -> anyhow::Result<()> {
        let plain = match self.password_stdin {
            true => first_line()?,
            false => password::generate(desk.random()),
        };
        let digest = password::digest(&plain)?;
        let passwords = Passwords::new(&desk.config, desk.random())
            .map_err(|error| anyhow::anyhow!("the settings for Argon2 cannot be used: {error}"))?;
        let hash = passwords.hash(digest, desk.random()).await;
        let hash = hash.map_err(AppError::into_body)?;
        let now = desk.now();
        let (person, ended) = desk
            .db
            .write::<_, anyhow::Error, _>(move |tx| {
                let person = self.who.find(tx, now)?;
                tx.execute(
                    "UPDATE users SET password = $2 WHERE id = $1",
                    params![person.id, hash],
                )?;
                let ended = notices::end_sessions(tx, person.id, None, now)?;
                Ok((person, ended))
            })
            .await?;
        if self.password_stdin {
            return report(desk, &person, "has a new password", ended);
        }
        if desk.json {
            let id = person.id;
            return show::json(&json!({"id": id, "password": plain, "sessions_ended": ended}));
        }
        // Alone on the standard output, so that it can be handed on.
        eprintln!(
            "The new password of {}{}:",
            person.username,
            ended_in_words(ended)
        );
        show::text(&plain)?;
        Ok(())
    }
}

impl EndSessions {
    async fn run(self, desk: &Desk) -> anyhow::Result<()> {
        let now = desk.now();
        let (person, ended) = desk
            .db
            .write::<_, anyhow::Error, _>(move |tx| {
                let person = self.who.find(tx, now)?;
                let ended = notices::end_sessions(tx, person.id, self.device, now)?;
                if let (Some(device), 0) = (self.device, ended) {
                    bail!(
                        "{} has no device {device} that is signed in",
                        person.username
                    );
                }
                Ok((person, ended))
            })
            .await?;
        report(desk, &person, "is signed out", ended)
    }
}

fn report(desk: &Desk, person: &Person, words: &str, ended: usize) -> anyhow::Result<()> {
    let id: UserId = person.id;
    if desk.json {
        return show::json(&json!({"id": id, "sessions_ended": ended}));
    }
    show::text(&format!(
        "{} {words}{}.",
        person.username,
        ended_in_words(ended)
    ))?;
    Ok(())
}

/// Says how many sessions were ended, where there were any.
fn ended_in_words(ended: usize) -> String {
    match ended {
        0 => String::new(),
        1 => " (1 session ended)".to_owned(),
        many => format!(" ({many} sessions ended)"),
    }
}

fn state(person: &Person) -> &'static str {
    match person.disabled_at {
        Some(_) => "disabled",
        None => "enabled",
    }
}

fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        bail!("there is no password on the standard input");
    }
    Ok(line.to_owned())
}
