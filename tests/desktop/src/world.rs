//! What a test plays in.

use std::{
    cell::{Cell, RefCell},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use fantoccini::Client;
use magpie_tests_stage::{Group, bus};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{App, Notifier, Reader, Server, TrayHost, app::picture, arranged::Arranged, programs};

/// A bus with a keychain on it, a folder for all that is written, and the processes that were
/// started here.
pub struct World {
    group: Group,
    bus: String,
    logs: PathBuf,
    open: RefCell<Vec<(String, Client)>>,
    arranged: Arranged,
    /// Whether programs are to say what they show.
    read_aloud: Cell<bool>,
    /// Goes last, when nobody writes into it any more.
    folder: TempDir,
}

/// No scene is longer than this.
const LONGEST: Duration = Duration::from_secs(300);

/// Makes a world, plays the scene in it, and ends the world. When the scene fails, pictures of
/// the open windows lie beside the logs in `target/desktop/<name>/`.
///
/// # Errors
/// Those of the scene, and when the world cannot be made.
pub async fn scenario(name: &str, scene: impl AsyncFnOnce(&World) -> Result<()>) -> Result<()> {
    let world = World::new(name)?;
    let outcome = match timeout(LONGEST, scene(&world)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(anyhow!(
            "the scene took longer than {} s",
            LONGEST.as_secs()
        )),
    };
    if outcome.is_err() {
        world.picture_all().await;
    }
    outcome.with_context(|| format!("logs and pictures are in {}", world.logs.display()))
}

impl World {
    fn new(name: &str) -> Result<Self> {
        let logs = programs::target()?.join("desktop").join(name);
        if logs.exists() {
            fs::remove_dir_all(&logs)?;
        }
        fs::create_dir_all(&logs)?;
        let folder = tempfile::Builder::new()
            .prefix("magpie-desktop-")
            .tempdir()?;
        let group = Group::new()?;
        let bus = bus::start(&group, folder.path())?;
        Ok(Self {
            group,
            bus,
            logs,
            open: RefCell::default(),
            arranged: Arranged::default(),
            read_aloud: Cell::default(),
            folder,
        })
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn server(&self) -> Result<Server<'_>> {
        Server::start(self, "server").await
    }

    /// Starts one more server, which says that it has this name.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn server_called(&self, name: &str) -> Result<Server<'_>> {
        Server::start(self, name).await
    }

    /// Gives somebody a home folder and a display, and opens the app there. `name` is the
    /// profile too.
    ///
    /// # Errors
    /// When the app does not come up.
    pub async fn app(&self, name: &str) -> Result<App<'_>> {
        self.app_with(name, &[]).await
    }

    /// The same, with arguments for the app's start.
    ///
    /// # Errors
    /// When the app does not come up.
    pub async fn app_with(&self, name: &str, arguments: &[&str]) -> Result<App<'_>> {
        let mut app = App::new(self, name, arguments)?;
        app.open().await?;
        Ok(app)
    }

    /// Opens the app for Alice and for Bob, who make accounts and become friends. Both are in their
    /// lists of contacts.
    ///
    /// # Errors
    /// When either app does not get there.
    pub async fn friends(&self, server: &Server<'_>) -> Result<(App<'_>, App<'_>)> {
        let alices = self.app("alice").await?;
        let bobs = self.app("bob").await?;
        alices.befriends(&bobs, server).await?;
        Ok((alices, bobs))
    }

    /// Starts the desktop's notification daemon.
    ///
    /// # Errors
    /// When there is one already.
    pub async fn notifier(&self) -> Result<Notifier> {
        Notifier::start(&self.bus).await
    }

    /// Starts what a screen reader stands on. The apps that are opened afterwards can be read.
    ///
    /// # Errors
    /// When it is not installed, or does not start.
    pub async fn reader(&self) -> Result<Reader> {
        self.read_aloud.set(true);
        Reader::start(self).await
    }

    pub(crate) fn is_read_aloud(&self) -> bool {
        self.read_aloud.get()
    }

    /// Starts the desktop's tray.
    ///
    /// # Errors
    /// When there is one already.
    pub async fn tray(&self) -> Result<TrayHost> {
        TrayHost::start(&self.bus).await
    }

    /// Says to all programs what a service of the system would say.
    ///
    /// # Errors
    /// When the service runs already, or the bus is gone.
    pub async fn system_says(
        &self,
        service: &'static str,
        path: &'static str,
        interface: &'static str,
        signal: &'static str,
        body: &(impl serde::Serialize + zbus::zvariant::DynamicType + Sync),
    ) -> Result<()> {
        let connection = zbus::connection::Builder::address(self.bus.as_str())?
            .name(service)?
            .build()
            .await?;
        connection
            .emit_signal(None::<&str>, path, interface, signal, body)
            .await?;
        connection.close().await?;
        Ok(())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn arranged(&self) -> &Arranged {
        &self.arranged
    }

    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }

    pub(crate) fn group(&self) -> &Group {
        &self.group
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    pub(crate) fn spawn(&self, command: &mut Command) -> Result<Child> {
        self.group.spawn(command)
    }

    /// Remembers whose window to look at when the scene fails.
    pub(crate) fn watch(&self, name: &str, client: &Client) {
        let mut open = self.open.borrow_mut();
        open.retain(|(other, _)| other != name);
        open.push((name.to_owned(), client.clone()));
    }

    async fn picture_all(&self) {
        let open = self.open.take();
        for (name, client) in open {
            let path = self.logs.join(format!("{name}.png"));
            match picture(&client).await {
                Ok(png) if fs::write(&path, &png).is_ok() => {}
                Err(error) => eprintln!("there is no picture of {name}'s window: {error}"),
                Ok(_) => eprintln!("the picture of {name}'s window cannot be written"),
            }
        }
    }
}
