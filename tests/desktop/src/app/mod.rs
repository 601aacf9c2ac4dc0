//! The real app, and what a hand, an eye and a key can do to it.

mod page;
mod process;
mod system;
mod windows;

use std::{
    env,
    fs::{self, File, Permissions},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use magpie_tests_stage::{display, settle};
use serde_json::{Map, Value, json};

pub(crate) use self::page::picture;
use self::process::{children_of, is_alive, process_of, signal};
pub use self::system::Effort;
use crate::{World, server::free_address, until};

/// One copy of the app under one profile. It can be killed and opened again; the profile stays.
pub struct App<'w> {
    world: &'w World,
    name: String,
    home: PathBuf,
    display: String,
    /// What it is started with, beside its profile.
    arguments: Vec<String>,
    running: Option<Running>,
}

struct Running {
    client: Client,
    driver: Child,
}

impl<'w> App<'w> {
    /// Gives somebody a home folder and a display.
    pub(crate) fn new(world: &'w World, name: &str, arguments: &[&str]) -> Result<Self> {
        let home = world.folder().join(name);
        let runtime = home.join("runtime");
        fs::create_dir_all(&runtime)?;
        fs::set_permissions(&runtime, Permissions::from_mode(0o700))?;
        Ok(Self {
            world,
            name: name.to_owned(),
            home,
            display: display::start(world.group())?,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            running: None,
        })
    }

    /// Returns whose app it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens the app, which must not be open.
    ///
    /// # Errors
    /// When the driver or the app does not come up.
    pub async fn open(&mut self) -> Result<()> {
        if self.running.is_some() {
            bail!("{}'s app is open already", self.name);
        }
        let address = free_address()?;
        let mut driver = self.driver(address)?;
        until("the driver", async || {
            TcpStream::connect(address)?;
            Ok(Some(()))
        })
        .await?;
        let connected = ClientBuilder::new(HttpConnector::new())
            .capabilities(self.capabilities()?)
            .connect(&format!("http://{address}"))
            .await;
        match connected {
            Ok(client) => {
                self.world.watch(&self.name, &client);
                self.running = Some(Running { client, driver });
                Ok(())
            }
            Err(error) => {
                driver.kill()?;
                driver.wait()?;
                Err(error).with_context(|| format!("{}'s app did not open", self.name))
            }
        }
    }

    /// Kills the app with SIGKILL, as a power cut would.
    ///
    /// # Errors
    /// When it is not open or does not end.
    pub async fn kill(&mut self) -> Result<()> {
        let mut running = self.running.take().context("the app is not open")?;
        let process = self.process(&running)?;
        if !signal("KILL", process)? {
            bail!("cannot kill {}'s app", self.name);
        }
        // The driver is its parent; without it nobody holds on to the dead.
        running.driver.kill()?;
        running.driver.wait()?;
        until("the end of the app", async || {
            Ok((!is_alive(process)).then_some(()))
        })
        .await
    }

    /// Asks the app to end, as the system does when the user signs out of the desktop, and
    /// waits until it has.
    ///
    /// # Errors
    /// When it is not open or does not end.
    pub async fn close(&mut self) -> Result<()> {
        let mut running = self.running.take().context("the app is not open")?;
        let process = self.process(&running)?;
        running.client.clone().close().await?;
        // The driver may have ended it already.
        signal("TERM", process)?;
        running.driver.kill()?;
        running.driver.wait()?;
        until("the end of the app", async || {
            Ok((!is_alive(process)).then_some(()))
        })
        .await
    }

    /// Waits until the app has ended by itself, as it does when somebody quits it.
    ///
    /// # Errors
    /// When it is not open or does not end.
    pub async fn ends(&mut self) -> Result<()> {
        let mut running = self.running.take().context("the app is not open")?;
        let process = self.process(&running);
        let ended = until(&format!("{}'s app to end", self.name), async || {
            Ok(match &process {
                Ok(process) => (!is_alive(*process)).then_some(()),
                // The driver has no child any more.
                Err(_) => Some(()),
            })
        })
        .await;
        running.driver.kill()?;
        running.driver.wait()?;
        ended
    }

    /// Waits until a program has started itself in this app's place and its window is on the screen,
    /// and has it end.
    ///
    /// # Errors
    /// When it does not start, or not under the same profile, or does not end.
    pub async fn has_started_itself(&self, program: &Path) -> Result<()> {
        let process = until(&format!("{} to start", program.display()), async || {
            let Some(process) = process_of(program)? else {
                return Ok(None);
            };
            Ok(self.main_window()?.map(|_| process))
        })
        .await?;
        let arguments = fs::read_to_string(format!("/proc/{process}/cmdline"))?;
        if !arguments.contains(&format!("--profile\0{}\0", self.name)) {
            bail!("it was started with {arguments:?}");
        }
        signal("TERM", process)?;
        until("the end of the app", async || {
            Ok((!is_alive(process)).then_some(()))
        })
        .await
    }

    /// Starts another program of the app's user, on the same display and buses.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn runs(&self, command: &mut Command) -> Result<Child> {
        self.surround(command);
        self.world.spawn(command.stdin(Stdio::null()))
    }

    /// Starts the app once more under the same profile, with other arguments, and returns whether it
    /// ended well. It must end by itself.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn starts_again(&self, arguments: &[&str]) -> Result<bool> {
        let mut second = self.runs(
            Command::new(self.launcher()?)
                .args(["--profile", &self.name])
                .args(arguments),
        )?;
        let ended = until("the second start to end", async || Ok(second.try_wait()?)).await;
        if ended.is_err() {
            second.kill()?;
            second.wait()?;
        }
        Ok(ended?.success())
    }

    /// Returns the folder of the app's user.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Returns the folder of the app's profile.
    #[must_use]
    pub fn profile(&self) -> PathBuf {
        let all = self.home.join("data/chat.magpie.desktop/profiles");
        all.join(&self.name)
    }

    /// Returns a variable of the environment in which the app runs.
    ///
    /// # Errors
    /// When the app is not open.
    pub fn variable(&self, name: &str) -> Result<Option<String>> {
        let path = format!("/proc/{}/environ", self.process_id()?);
        let all = fs::read(path)?;
        let mut all = all.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        Ok(all.find_map(|one| Some(one.strip_prefix(name)?.strip_prefix('=')?.to_owned())))
    }

    /// Returns the driver's client, for what has no word of its own here.
    ///
    /// # Errors
    /// When the app is not open.
    pub fn client(&self) -> Result<&Client> {
        let running = self.running.as_ref();
        Ok(&running
            .with_context(|| format!("{}'s app is not open", self.name))?
            .client)
    }

    /// What tauri-driver does, without tauri-driver: the variables let the app's page be driven.
    fn driver(&self, address: SocketAddr) -> Result<Child> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.world.log(&self.name))?;
        let mut command = Command::new("WebKitWebDriver");
        self.surround(
            command
                .arg(format!("--host={}", address.ip()))
                .arg(format!("--port={}", address.port())),
        );
        self.world.spawn(
            command
                .env("TAURI_AUTOMATION", "true")
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )
    }

    /// Gives a program the surroundings of this app: its user, display and buses.
    fn surround(&self, command: &mut Command) {
        settle(command, &self.home, self.world.bus(), &self.display)
            .env("DBUS_SYSTEM_BUS_ADDRESS", self.world.bus());
        // For whoever looks for a fault.
        if let Some(detail) = env::var_os("MAGPIE_LOG") {
            command.env("MAGPIE_LOG", detail);
        }
        if self.world.is_read_aloud() {
            command.env_remove("NO_AT_BRIDGE");
        }
    }

    fn capabilities(&self) -> Result<Map<String, Value>> {
        let app = self.launcher()?;
        let mut arguments = vec!["--profile", &self.name];
        arguments.extend(self.arguments.iter().map(String::as_str));
        let mut capabilities = Map::new();
        capabilities.insert(
            "webkitgtk:browserOptions".to_owned(),
            json!({ "binary": app, "args": arguments }),
        );
        Ok(capabilities)
    }

    /// Writes a script that becomes the app, and returns its path. Whoever starts it would throw away
    /// what the app prints.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn launcher(&self) -> Result<PathBuf> {
        let path = self.home.join("launch");
        let script = format!(
            "#!/bin/sh\n{} \"$@\" >>'{}' 2>&1\n",
            self.world.start_lines(&self.name)?,
            self.world.log(&self.name).display()
        );
        fs::write(&path, script)?;
        fs::set_permissions(&path, Permissions::from_mode(0o700))?;
        Ok(path)
    }

    /// Returns the number of the app's process.
    ///
    /// # Errors
    /// When the app is not open.
    pub fn process_id(&self) -> Result<u32> {
        self.process(self.running.as_ref().context("the app is not open")?)
    }

    /// Finds the app among the driver's children.
    fn process(&self, running: &Running) -> Result<u32> {
        children_of(running.driver.id())?
            .first()
            .copied()
            .with_context(|| format!("the driver has no child: is {}'s app gone?", self.name))
    }
}
