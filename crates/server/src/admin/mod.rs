//! What the operator does to people, invitations and restored databases, on the command line.
//!
//! The commands work on the database itself, beside the servers that run on it or without any. They
//! change nothing that a server keeps in its memory but one thing, the sessions that were ended;
//! of those they leave notices, which every server looks for ([`notices`]). They never ask for an
//! activity stamp, which on SQLite one process alone may give out.

mod database;
mod invitations;
mod notices;
mod pages;
mod password;
mod people;
mod restored;
mod show;
mod users;

use std::process::ExitCode;

use crate::{
    clock::{Clock as _, Random, SystemClock, SystemRandom},
    config::Config,
    db::Db,
};

pub(crate) use notices::{last as last_notice, watch};

/// The command `admin`.
#[derive(Debug, clap::Args)]
pub(crate) struct Admin {
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// People who have an account
    #[command(subcommand)]
    Users(users::Users),
    /// Invitations, for a server that takes new accounts with one only
    #[command(subcommand)]
    Invitations(invitations::Invitations),
    /// Says that the database was restored from a copy that was not made by `backup`, so that
    /// devices load anew what they hold of it
    Restored,
}

/// What the commands work with.
struct Desk {
    config: Config,
    db: Db,
    clock: SystemClock,
    random: SystemRandom,
    json: bool,
}

impl Desk {
    fn now(&self) -> magpie_protocol::Timestamp {
        self.clock.now()
    }

    fn random(&self) -> &dyn Random {
        &self.random
    }
}

/// Runs the command.
///
/// # Errors
/// In words for the operator.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(config: Config, admin: Admin) -> anyhow::Result<ExitCode> {
    let db = database::open(&config).await?;
    let desk = Desk {
        config,
        db,
        clock: SystemClock::default(),
        random: SystemRandom,
        json: admin.json,
    };
    let done = match admin.subject {
        Subject::Users(users) => users.run(&desk).await,
        Subject::Invitations(invitations) => invitations.run(&desk).await,
        Subject::Restored => restored::run(&desk).await,
    };
    desk.db.close().await;
    done.map(|()| ExitCode::SUCCESS)
}
