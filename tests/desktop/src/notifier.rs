//! A desktop's notification daemon, played by the test.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context as _, Result, bail};
use parking_lot::Mutex;
use zbus::{Connection, connection, interface, object_server::SignalEmitter, zvariant::OwnedValue};

use crate::until;

const PATH: &str = "/org/freedesktop/Notifications";

/// A notification as the daemon was given it.
#[derive(Debug, Clone)]
pub struct Received {
    /// The daemon's number for it.
    pub id: u32,
    /// The number of the one that it replaced; 0 for none.
    pub replaced: u32,
    /// The upper line.
    pub title: String,
    /// The text, in the daemon's markup.
    pub body: String,
    /// What can be done with it: keys and labels in turn.
    pub actions: Vec<String>,
    /// Everything else.
    pub hints: Arc<HashMap<String, OwnedValue>>,
    /// Whether the app took it away.
    pub closed: bool,
}

impl Received {
    /// Returns a hint that is a text.
    #[must_use]
    pub fn hint(&self, name: &str) -> Option<&str> {
        self.hints.get(name)?.downcast_ref::<&str>().ok()
    }

    /// Returns the points of the picture, four bytes each, and how many of them are in a row.
    #[must_use]
    pub fn picture(&self) -> Option<(i32, Vec<u8>)> {
        let image = self.hints.get("image-data")?.try_clone().ok()?;
        type Image = (i32, i32, i32, bool, i32, i32, Vec<u8>);
        let (width, _, _, _, _, _, points) = Image::try_from(image).ok()?;
        Some((width, points))
    }
}

#[derive(Default)]
struct Board {
    received: Vec<Received>,
    last_id: u32,
}

struct Daemon(Arc<Mutex<Board>>);

#[interface(name = "org.freedesktop.Notifications")]
impl Daemon {
    #[expect(clippy::too_many_arguments, reason = "the desktop's interface")]
    fn notify(
        &self,
        _app_name: &str,
        replaces_id: u32,
        _app_icon: &str,
        summary: &str,
        body: &str,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut board = self.0.lock();
        let id = match replaces_id {
            0 => {
                board.last_id += 1;
                board.last_id
            }
            known => known,
        };
        board.received.push(Received {
            id,
            replaced: replaces_id,
            title: summary.to_owned(),
            body: body.to_owned(),
            actions,
            hints: Arc::new(hints),
            closed: false,
        });
        id
    }

    async fn close_notification(
        &self,
        id: u32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<()> {
        let ours = self.0.lock().received.iter_mut().fold(false, |ours, one| {
            one.closed |= one.id == id;
            ours | (one.id == id)
        });
        if ours {
            emitter.notification_closed(id, 3).await?;
        }
        Ok(())
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "body-markup", "inline-reply", "sound"]
            .map(str::to_owned)
            .to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let words = ["test", "Magpie", "1", "1.2"].map(str::to_owned);
        words.into()
    }

    #[zbus(signal)]
    async fn action_invoked(
        emitter: &SignalEmitter<'_>,
        id: u32,
        action_key: &str,
    ) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn activation_token(
        emitter: &SignalEmitter<'_>,
        id: u32,
        activation_token: &str,
    ) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        reason: u32,
    ) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_replied(
        emitter: &SignalEmitter<'_>,
        id: u32,
        text: &str,
    ) -> zbus::Result<()>;
}

/// The daemon; it ends when this is dropped.
pub struct Notifier {
    connection: Connection,
    board: Arc<Mutex<Board>>,
}

impl Notifier {
    pub(crate) async fn start(bus: &str) -> Result<Self> {
        let board = Arc::<Mutex<Board>>::default();
        let connection = connection::Builder::address(bus)?
            .serve_at(PATH, Daemon(Arc::clone(&board)))?
            .name("org.freedesktop.Notifications")?
            .build()
            .await?;
        Ok(Self { connection, board })
    }

    /// Returns all that was given to it, the oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.board.lock().received.clone()
    }

    /// Waits until the newest notification is as wanted, and returns it.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn shows(&self, what: &str, good: impl Fn(&Received) -> bool) -> Result<Received> {
        until(&format!("a notification: {what}"), async || {
            match self.received().pop() {
                Some(newest) if good(&newest) => Ok(Some(newest)),
                Some(other) => bail!("there is {:?}: {:?}", other.title, other.body),
                None => Ok(None),
            }
        })
        .await
    }

    /// Waits until the app took a notification away.
    ///
    /// # Errors
    /// When it does not.
    pub async fn misses(&self, id: u32) -> Result<()> {
        until("the end of a notification", async || {
            let gone = self.received().iter().any(|one| one.id == id && one.closed);
            Ok(gone.then_some(()))
        })
        .await
    }

    /// Clicks a notification.
    ///
    /// # Errors
    /// When the bus is gone.
    pub async fn click(&self, id: u32) -> Result<()> {
        let emitter = self.emitter()?;
        Daemon::activation_token(&emitter, id, "a-token").await?;
        Daemon::action_invoked(&emitter, id, "default").await?;
        Daemon::notification_closed(&emitter, id, 2).await?;
        Ok(())
    }

    /// Writes a reply into a notification.
    ///
    /// # Errors
    /// When the bus is gone.
    pub async fn reply(&self, id: u32, text: &str) -> Result<()> {
        Daemon::notification_replied(&self.emitter()?, id, text).await?;
        Ok(())
    }

    /// Ends, as a daemon that crashes.
    ///
    /// # Errors
    /// When the bus is gone.
    pub async fn dies(self) -> Result<()> {
        self.connection.close().await.context("the bus is gone")
    }

    fn emitter(&self) -> Result<SignalEmitter<'_>> {
        Ok(SignalEmitter::new(&self.connection, PATH)?)
    }
}
