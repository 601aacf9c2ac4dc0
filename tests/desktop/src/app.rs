//! The real app, and what a hand, an eye and a key can do to it.

use std::{
    fs::{self, File, Permissions},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use magpie_tests_stage::{display, settle};
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use x11rb::protocol::xproto::ModMask;

use crate::{
    Frame, PATIENCE, World, programs,
    screen::{Screen, TakenKeys},
    server::free_address,
    until,
};

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
    pub(crate) async fn start(world: &'w World, name: &str, arguments: &[&str]) -> Result<Self> {
        let home = world.folder().join(name);
        let runtime = home.join("runtime");
        fs::create_dir_all(&runtime)?;
        fs::set_permissions(&runtime, Permissions::from_mode(0o700))?;
        let mut app = Self {
            world,
            name: name.to_owned(),
            home,
            display: display::start(world.group())?,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            running: None,
        };
        app.open().await?;
        Ok(app)
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

    /// Starts the app once more under the same profile, with other arguments, and returns whether it
    /// ended well. It must end by itself.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn starts_again(&self, arguments: &[&str]) -> Result<bool> {
        let mut command = Command::new(self.launcher()?);
        self.surround(command.args(["--profile", &self.name]).args(arguments));
        let mut second = self.world.spawn(command.stdin(Stdio::null()))?;
        let ended = until("the second start to end", async || Ok(second.try_wait()?)).await;
        if ended.is_err() {
            second.kill()?;
            second.wait()?;
        }
        Ok(ended?.success())
    }

    /// Returns the app's windows, those that are hidden too.
    ///
    /// # Errors
    /// When the app is not open or the display cannot be asked.
    pub fn windows(&self) -> Result<Vec<Frame>> {
        let running = self.running.as_ref().context("the app is not open")?;
        Screen::open(&self.display)?.windows(self.process(running)?)
    }

    /// Waits until a program has started itself in this app's place and its window is on the screen,
    /// and has it end.
    ///
    /// # Errors
    /// When it does not start, or not under the same profile, or does not end.
    pub async fn has_started_itself(&self, program: &Path) -> Result<()> {
        let process = until(&format!("{} to start", program.display()), async || {
            let Some(process) = running(program)? else {
                return Ok(None);
            };
            let windows = Screen::open(&self.display)?.windows(process)?;
            let shown = |one: &Frame| one.visible && one.title.starts_with("Magpie");
            Ok(windows.iter().any(shown).then_some(process))
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

    /// Waits until the main window is on the screen.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn window_is_shown(&self) -> Result<Frame> {
        until(&format!("{}'s window to be shown", self.name), async || {
            self.main_window()
        })
        .await
    }

    /// Waits until the main window is not on the screen.
    ///
    /// # Errors
    /// When it stays.
    pub async fn window_is_hidden(&self) -> Result<()> {
        until(
            &format!("{}'s window to be hidden", self.name),
            async || Ok(self.main_window()?.is_none().then_some(())),
        )
        .await
    }

    fn main_window(&self) -> Result<Option<Frame>> {
        let mut windows = self.windows()?.into_iter();
        Ok(windows.find(|window| window.visible && window.title.starts_with("Magpie")))
    }

    /// Asks a window to close, as its button does.
    ///
    /// # Errors
    /// When the display cannot be asked.
    pub fn closes_window(&self, window: &Frame) -> Result<()> {
        Screen::open(&self.display)?.close(window)
    }

    /// Puts a window somewhere else, with another size: left, top, width, height.
    ///
    /// # Errors
    /// When the display does not.
    pub fn moves_window(&self, window: &Frame, place: (i32, i32, u32, u32)) -> Result<()> {
        Screen::open(&self.display)?.place(window, place)
    }

    /// Presses a key while others are held, on the keyboard and not in the page.
    ///
    /// # Errors
    /// When the keyboard has no such key.
    pub fn presses(&self, held: &[&str], key: &str) -> Result<()> {
        Screen::open(&self.display)?.press(held, key)
    }

    /// Lets another program have a key with Ctrl from anywhere, until what is returned is dropped.
    ///
    /// # Errors
    /// When somebody else has it.
    pub fn others_take_ctrl(&self, key: &str) -> Result<TakenKeys> {
        TakenKeys::new(Screen::open(&self.display)?, ModMask::CONTROL, key)
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
        let running = self.running.as_ref().context("the app is not open")?;
        let path = format!("/proc/{}/environ", self.process(running)?);
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

    /// Waits until something is on the page and visible, and returns it.
    ///
    /// # Errors
    /// When it does not appear.
    pub async fn see(&self, selector: &str) -> Result<Element> {
        let client = self.client()?;
        until(&format!("{} to see {selector}", self.name), async || {
            let element = client.find(Locator::Css(selector)).await?;
            Ok(self.sees(selector).await?.then_some(element))
        })
        .await
    }

    /// Returns whether something is on the page and visible now.
    ///
    /// # Errors
    /// When the page cannot be asked.
    pub async fn sees(&self, selector: &str) -> Result<bool> {
        // The driver's own answer takes rows of a virtual list for hidden ones.
        let script = "const one = document.querySelector(arguments[0]);
            if (!one || !one.checkVisibility({ visibilityProperty: true })) return false;
            const { width, height } = one.getBoundingClientRect();
            return width > 0 && height > 0";
        Ok(self.script(script, vec![json!(selector)]).await? == json!(true))
    }

    /// Waits until something is nowhere on the page.
    ///
    /// # Errors
    /// When it stays.
    pub async fn miss(&self, selector: &str) -> Result<()> {
        let client = self.client()?;
        until(
            &format!("{selector} to leave {}'s page", self.name),
            async || {
                let elements = client.find_all(Locator::Css(selector)).await?;
                Ok(elements.is_empty().then_some(()))
            },
        )
        .await
    }

    /// Waits until something shows a text that the condition likes, and returns the text.
    ///
    /// # Errors
    /// When it does not; the error says what it showed last.
    pub async fn reads(&self, selector: &str, good: impl Fn(&str) -> bool) -> Result<String> {
        // The driver's own notion of an element's text leaves out lines that may be cut short.
        let script = "return document.querySelector(arguments[0])?.innerText ?? null";
        until(&format!("{} to read {selector}", self.name), async || {
            let answer = self.script(script, vec![json!(selector)]).await?;
            match answer.as_str() {
                Some(text) if good(text) => Ok(Some(text.to_owned())),
                Some(text) => bail!("it says {text:?}"),
                None => bail!("it is not there"),
            }
        })
        .await
    }

    /// Clicks something as soon as it can be clicked.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let client = self.client()?;
        until(&format!("{} to click {selector}", self.name), async || {
            client.find(Locator::Css(selector)).await?.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Presses keys in something, one after the other. A character beyond the basic plane, an
    /// emoji for one, has no key in WebKit's driver.
    ///
    /// # Errors
    /// When it cannot be typed into.
    pub async fn types(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.see(selector).await?;
        Ok(element.send_keys(text).await?)
    }

    /// Empties a field and types into it.
    ///
    /// # Errors
    /// When it cannot be typed into.
    pub async fn fills(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.see(selector).await?;
        element.clear().await?;
        Ok(element.send_keys(text).await?)
    }

    /// Runs a script in the page and returns what it returns.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client()?.execute(script, arguments).await?)
    }

    /// Writes a picture of the page to `target/screenshots/<name>.png`.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub async fn picture(&self, name: &str) -> Result<()> {
        let folder = programs::target()?.join("screenshots");
        fs::create_dir_all(&folder)?;
        let png = picture(self.client()?).await?;
        fs::write(folder.join(format!("{name}.png")), png)?;
        Ok(())
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

    /// Writes a script that becomes the app. The driver would throw away what the app prints.
    fn launcher(&self) -> Result<PathBuf> {
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

    /// Finds the app among the driver's children.
    fn process(&self, running: &Running) -> Result<u32> {
        let list = format!("/proc/{0}/task/{0}/children", running.driver.id());
        let children = match fs::read_to_string(&list) {
            Ok(children) => children,
            // Not every kernel keeps this list.
            Err(_) => children_by_search(running.driver.id())?,
        };
        children
            .split_whitespace()
            .next()
            .and_then(|number| number.parse().ok())
            .with_context(|| format!("the driver has no child: is {}'s app gone?", self.name))
    }
}

/// Takes a picture of the page. The engine takes it when it paints the next time, which on a page
/// where nothing moves is never; so something is made to move, unseen.
pub(crate) async fn picture(client: &Client) -> Result<Vec<u8>> {
    let stir = r"
        const end = performance.now() + 5000;
        const stir = (now) => {
            document.documentElement.style.setProperty('outline', `${now % 2 ? 0 : 1}px solid transparent`);
            if (now < end) requestAnimationFrame(stir);
        };
        requestAnimationFrame(stir);
    ";
    client.execute(stir, vec![]).await?;
    Ok(timeout(PATIENCE, client.screenshot()).await??)
}

fn children_by_search(parent: u32) -> Result<String> {
    let mut children = String::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let status = fs::read_to_string(path.join("status")).unwrap_or_default();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if status
            .lines()
            .any(|line| line == format!("PPid:\t{parent}"))
        {
            children.push_str(number);
            children.push(' ');
        }
    }
    Ok(children)
}

/// Finds the process that runs a program.
fn running(program: &Path) -> Result<Option<u32>> {
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let runs_it = fs::read_link(path.join("exe")).is_ok_and(|exe| exe == program);
        let number = path.file_name().and_then(|name| name.to_str());
        if runs_it && let Some(Ok(number)) = number.map(str::parse) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Sends a signal and returns whether there was somebody to send it to.
fn signal(name: &str, process: u32) -> Result<bool> {
    let status = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .stderr(Stdio::null())
        .status()?;
    Ok(status.success())
}

/// Whether a process still runs; one that has ended and waits to be noticed does not.
fn is_alive(process: u32) -> bool {
    fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))
        .is_ok_and(|status| !status.lines().any(|line| line.starts_with("State:\tZ")))
}
