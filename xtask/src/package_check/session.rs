//! The installed app on a desktop: it starts, it opens links, and it ends.
//!
//! Display, bus and keychain are those of the machine around the root, so that the root has nothing
//! but what the package brought along.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use magpie_tests_stage::{Group, bus, display};

use super::{
    privileged,
    root::{self, Root},
};
use crate::command::{self, answer, output, program};

/// How long anything may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// A view has more colours than this. An empty window has two, with the screen around it.
const COLOURS: u32 = 100;
/// A view that opened over another changes more pixels than this, of about a million.
const CHANGED: f64 = 50_000.0;
/// The same view drawn again differs by fewer.
const SAME: f64 = 1_000.0;

const HOME: &str = "/home/alice";
const RUNTIME: &str = "/run/alice";
const LOGS: &str = "/home/alice/.local/share/chat.magpie.desktop/profiles/default/logs";

const INVITATION: &str = "magpie://invite?server=https://chat.example&code=ABCD-EFGH-JKLM";
/// It is no link that means something, and must do nothing but say so.
const HOSTILE: &str = "magpie:quit";

/// Starts the app in the root and opens links in it; the pictures are for people to look at.
///
/// # Errors
/// When something does not come up, or does not end.
pub(super) fn starts(root: &Root, pictures: &Path) -> Result<()> {
    let group = Group::new()?;
    let folder = pictures.with_file_name("stage");
    super::clear(&folder)?;
    let stage = Stage {
        root,
        pictures,
        display: display::start(&group)?,
        bus: bus::start(&group, &folder)?,
        group,
    };
    for folder in [HOME, RUNTIME] {
        root.run(&["install", "-d", "-m", "700", folder])?;
        root.run(&["chown", &root::user(), folder])?;
    }

    let mut app = stage.spawn(&["magpie"])?;
    let window = stage.window(&mut app)?;
    let start = stage.shows("start", &mut app, |picture| Ok(colours(picture)? > COLOURS))?;
    println!("    the app opened {window:?}");

    // A link while it is open: the second start hands it over and ends.
    stage.open(INVITATION)?;
    let invited = stage.shows("link", &mut app, |picture| {
        Ok(difference(&start, picture)? > CHANGED)
    })?;
    stage.open(HOSTILE)?;
    stage.logged("a link was refused")?;
    stage.still_runs(&mut app)?;
    println!("    links reached it through xdg-open");
    stage.end(app)?;

    // And one that starts it.
    let mut app = stage.spawn(&["xdg-open", INVITATION])?;
    stage.window(&mut app)?;
    stage.shows("started-by-link", &mut app, |picture| {
        Ok(difference(&invited, picture)? < SAME)
    })?;
    println!("    a link started it, and is shown");
    stage.end(app)
}

struct Stage<'a> {
    root: &'a Root,
    pictures: &'a Path,
    display: String,
    bus: String,
    group: Group,
}

impl Stage<'_> {
    fn command(&self, words: &[&str]) -> Result<Command> {
        // `unix:path=/tmp/dbus-…,guid=…`
        let socket = self.bus.split([',', '=']).nth(1);
        let socket = socket.filter(|path| path.starts_with('/'));
        let socket = socket.context("the bus has no socket in the file system")?;
        let surroundings = [
            format!("DISPLAY={}", self.display),
            format!("DBUS_SESSION_BUS_ADDRESS={}", self.bus),
            format!("HOME={HOME}"),
            format!("XDG_RUNTIME_DIR={RUNTIME}"),
            "LANG=C.UTF-8".to_owned(),
        ];
        let surroundings: Vec<&str> = surroundings.iter().map(String::as_str).collect();
        Ok(self.root.as_user(socket, &surroundings, words))
    }

    fn spawn(&self, words: &[&str]) -> Result<Child> {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.pictures.with_file_name("session.log"))?;
        let mut command = self.command(words)?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.group.spawn(&mut command)
    }

    /// Opens a link the way other programs do, and waits for the opener to end.
    fn open(&self, link: &str) -> Result<()> {
        let mut opener = self.spawn(&["xdg-open", link])?;
        let status = until("the second start does not end", || Ok(opener.try_wait()?))?;
        ensure!(status.success(), "xdg-open failed ({status})");
        Ok(())
    }

    /// Waits for the app's window and returns its title and class.
    fn window(&self, app: &mut Child) -> Result<String> {
        until("no window appears", || {
            self.still_runs(app)?;
            let ids = self.xdotool(&["search", "--onlyvisible", "--class", "^magpie$"]);
            let Some(id) = ids.as_deref().and_then(|ids| ids.lines().next()) else {
                return Ok(None);
            };
            let title = self.xdotool(&["getwindowname", id]);
            Ok(title.filter(|title| title.starts_with("Magpie")))
        })
    }

    fn xdotool(&self, words: &[&str]) -> Option<String> {
        let output = program("xdotool", words)
            .env("DISPLAY", &self.display)
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    }

    /// Waits until the screen is at rest and as wanted, and takes its picture.
    fn shows(
        &self,
        name: &str,
        app: &mut Child,
        wanted: impl Fn(&Path) -> Result<bool>,
    ) -> Result<PathBuf> {
        let before = self.pictures.with_file_name("before.png");
        let mut seen = false;
        until(&format!("the screen is not as wanted for {name}"), || {
            self.still_runs(app)?;
            let picture = self.picture(name)?;
            let at_rest = seen && difference(&before, &picture)? == 0.0;
            fs::copy(&picture, &before)?;
            seen = true;
            Ok((at_rest && wanted(&picture)?).then_some(picture))
        })
    }

    fn picture(&self, name: &str) -> Result<PathBuf> {
        let path = self.pictures.join(format!("{name}.png"));
        let mut import = program("import", ["-window", "root"]);
        import.arg(&path).env("DISPLAY", &self.display);
        command::run(import)?;
        Ok(path)
    }

    /// Waits for a line in the app's log.
    fn logged(&self, words: &str) -> Result<()> {
        until("the app's log says nothing of it", || {
            let mut read = privileged("grep");
            read.args(["--recursive", "--quiet", "--fixed-strings", words])
                .arg(self.root.path(LOGS));
            Ok(read.status()?.success().then_some(()))
        })
    }

    fn still_runs(&self, app: &mut Child) -> Result<()> {
        if let Some(status) = app.try_wait()? {
            bail!("the app has ended ({status}); see session.log beside the pictures");
        }
        Ok(())
    }

    /// Asks the app to end, as the system does when its user signs out, and waits for it.
    fn end(&self, mut app: Child) -> Result<()> {
        let own = descendants(app.id())
            .into_iter()
            .find(|id| {
                let name = fs::read_to_string(format!("/proc/{id}/comm"));
                name.is_ok_and(|name| name.trim() == "magpie")
            })
            .context("the app's process is not there")?;
        let mut kill = privileged("kill");
        kill.arg("-TERM").arg(own.to_string());
        command::run(kill)?;
        let status = until("the app does not end", || Ok(app.try_wait()?))?;
        ensure!(status.success(), "the app ended badly ({status})");
        Ok(())
    }
}

/// Returns how many colours a picture has.
fn colours(picture: &Path) -> Result<u32> {
    let mut count = program("identify", ["-format", "%k"]);
    count.arg(picture);
    Ok(output(count)?.trim().parse()?)
}

/// Returns in how many pixels two pictures differ.
fn difference(one: &Path, other: &Path) -> Result<f64> {
    let mut compare = program("compare", ["-metric", "AE"]);
    compare.arg(one).arg(other).arg("null:");
    // It ends with 1 where pictures differ, and says by how much where others complain.
    let said = compare.output().context("cannot start compare")?.stderr;
    let said = String::from_utf8_lossy(&said);
    let number = said.split_whitespace().next().unwrap_or_default();
    number
        .parse()
        .with_context(|| format!("compare says {said}"))
}

/// Returns all processes that a process has started, and those that they have.
fn descendants(process: u32) -> Vec<u32> {
    let children = answer("pgrep", ["--parent", &process.to_string()]).unwrap_or_default();
    let children: Vec<u32> = children.lines().flat_map(str::parse).collect();
    let below: Vec<u32> = children.iter().copied().flat_map(descendants).collect();
    [children, below].concat()
}

/// Looks again and again until there is an answer.
fn until<T>(otherwise: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(Instant::now() < end, "{otherwise}");
        thread::sleep(PAUSE);
    }
}
