//! A device with the app's own core.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use magpie_core::{
    Core, Home, HomeOptions, SystemClock, conversations::ConversationList, home::Credentials,
    protocol::messages::Body,
};
use rusqlite::{Connection, OpenFlags};
use tokio::time::timeout;

use super::{Needed, Wanted};
use crate::{
    stand::{PASSWORD, Person},
    wire::Stamp,
};

/// How often it is looked whether all is stored: often enough for the figure, and seldom enough not
/// to be in the way.
const LOOK: Duration = Duration::from_millis(5);

/// A folder with an account in it.
pub(super) struct Device {
    folder: PathBuf,
    number: usize,
}

impl Device {
    /// Names one.
    pub(super) fn new(folder: PathBuf, number: usize) -> Self {
        Self { folder, number }
    }

    /// Signs somebody in, waits until the device holds everything, and switches it off.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn sign_in(&self, server: SocketAddr, person: &Person) -> Result<()> {
        let home = self.home().await?;
        let credentials = Credentials {
            server_url: format!("http://{server}"),
            login: person.username.clone(),
            password: PASSWORD.to_owned(),
        };
        let core = home.sign_in(credentials).await?;
        let mut events = core.events();
        while core.link() != magpie_core::socket::LinkState::Online {
            timeout(Duration::from_secs(20), events.next())
                .await
                .context("it does not come online")?;
        }
        core.close().await;
        Ok(())
    }

    /// Switches the device on, waits until it holds all that was missed, and switches it off.
    ///
    /// # Errors
    /// When it does not in time.
    pub(super) async fn catch_up(&self, wanted: &Wanted<'_>, bound: Duration) -> Result<Needed> {
        let begin = Instant::now();
        let home = self.home().await?;
        let core = home
            .resume()
            .await?
            .context("nobody is signed in here any more")?;
        let opened = begin.elapsed();
        let list = timeout(bound, right_list(&core, wanted));
        list.await.context("the list does not become right")??;
        let list = begin.elapsed();
        let (path, key) = home
            .database_file(core.key())
            .await?
            .context("there is no database")?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let stored = Connection::open_with_flags(path, flags)?;
        stored.busy_timeout(bound)?;
        stored.execute_batch(&format!("PRAGMA key = \"x'{key}'\";"))?;
        while stored_texts(&stored)? < wanted.all() {
            ensure!(begin.elapsed() < bound, "not everything was stored in time");
            tokio::time::sleep(LOOK).await;
        }
        let all = begin.elapsed();
        wanted.check(&stored)?;
        drop(stored);
        core.close().await;
        Ok(Needed { opened, list, all })
    }

    async fn home(&self) -> Result<Home> {
        let options = HomeOptions {
            folder: self.folder.clone(),
            keychain_service: format!("magpie-bench-{}", self.number),
            keychain: false,
            device_name: format!("bench {}", self.number),
            clock: Arc::new(SystemClock),
        };
        Ok(Home::open(options).await?)
    }
}

/// Looks at the list whenever something has happened, until it is right.
async fn right_list(core: &Core, wanted: &Wanted<'_>) -> Result<()> {
    let mut events = core.events();
    while !wanted.is_shown(&core.conversations().await?) {
        if events.next().await.is_none() {
            bail!("the core has ended");
        }
    }
    Ok(())
}

/// Returns how many texts the device holds.
fn stored_texts(stored: &Connection) -> Result<u64> {
    // The index makes this cheap enough to be asked again and again.
    let count = "SELECT COUNT(*) FROM messages WHERE counts = 1";
    let count: i64 = stored
        .prepare_cached(count)?
        .query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

impl Wanted<'_> {
    fn all(&self) -> u64 {
        u64::from(self.each) * u64::try_from(self.conversations.len()).unwrap_or(u64::MAX)
    }

    /// Tells whether each line has the last message and the number of unread ones.
    fn is_shown(&self, list: &ConversationList) -> bool {
        let lines: HashMap<_, _> = list.items.iter().map(|item| (item.id, item)).collect();
        self.conversations.iter().zip(0_u32..).all(|(id, sender)| {
            let Some(line) = lines.get(id) else {
                return false;
            };
            let last = line
                .preview
                .as_ref()
                .and_then(|preview| match &preview.body {
                    Body::Text(text) => Stamp::read(&text.text),
                    _ => None,
                });
            line.unread >= self.each
                && last.is_some_and(|last| (last.sender, last.number + 1) == (sender, self.each))
        })
    }

    /// Checks that each conversation holds what was sent, once and in order.
    fn check(&self, stored: &Connection) -> Result<()> {
        let mut statement = stored.prepare(
            "SELECT seq, content FROM messages
             WHERE conversation_id = ?1 AND kind = 'text' ORDER BY seq",
        )?;
        for (id, sender) in self.conversations.iter().zip(0_u32..) {
            let mut rows = statement.query([id.get().cast_signed()])?;
            let mut number = 0;
            while let Some(row) = rows.next()? {
                let (seq, content): (u32, String) = (row.get(0)?, row.get(1)?);
                let stamp = Stamp::read_frame(&content);
                ensure!(
                    seq == number + 2
                        && stamp.is_some_and(|s| (s.sender, s.number) == (sender, number)),
                    "what is stored is not what was sent"
                );
                number += 1;
            }
            ensure!(
                number == self.each,
                "a conversation has {number} of {}",
                self.each
            );
        }
        Ok(())
    }
}
