//! What a screen reader is told of the app: the accessibility tree, read over its own bus as Orca
//! reads it.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use zbus::{
    Connection, connection, proxy,
    proxy::CacheProperties,
    zvariant::{OwnedObjectPath, Value},
};

use crate::{World, until};

/// The programs that can be read, by the name of the bus and the path there.
type Address = (String, OwnedObjectPath);

/// No page has more parts; who comes to so many goes in circles.
const MOST: usize = 3000;

/// What is used, or looked at, and so must have a name.
const CONTROLS: [&str; 15] = [
    "article",
    "button",
    "check box",
    "check menu item",
    "combo box",
    "dialog",
    "entry",
    "heading",
    "image",
    "link",
    "menu item",
    "password text",
    "radio button",
    "slider",
    "toggle button",
];

/// What folds, by its tags.
const FOLDING: [&str; 2] = ["details", "summary"];

/// What takes no focus in a page where everything has a role.
const STRANGE: [&str; 4] = ["paragraph", "section", "static", "label"];

#[proxy(
    interface = "org.a11y.Bus",
    default_service = "org.a11y.Bus",
    default_path = "/org/a11y/bus",
    gen_blocking = false
)]
trait Bus {
    fn get_address(&self) -> zbus::Result<String>;
}

#[proxy(interface = "org.a11y.atspi.Accessible", gen_blocking = false)]
trait Accessible {
    fn get_children(&self) -> zbus::Result<Vec<Address>>;
    fn get_child_at_index(&self, index: i32) -> zbus::Result<Address>;
    fn get_role(&self) -> zbus::Result<u32>;
    fn get_state(&self) -> zbus::Result<Vec<u32>>;
    fn get_attributes(&self) -> zbus::Result<HashMap<String, String>>;
    fn get_interfaces(&self) -> zbus::Result<Vec<String>>;
    #[zbus(property)]
    fn name(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn child_count(&self) -> zbus::Result<i32>;
}

#[proxy(interface = "org.a11y.atspi.Text", gen_blocking = false)]
trait Text {
    fn get_text(&self, start: i32, end: i32) -> zbus::Result<String>;
}

/// The kinds of things that a page has, by their numbers in the protocol. The engine gives most of them
/// no words.
const ROLES: [(u32, &str); 47] = [
    (2, "alert"),
    (7, "check box"),
    (8, "check menu item"),
    (11, "combo box"),
    (16, "dialog"),
    (20, "filler"),
    (23, "frame"),
    (27, "image"),
    (29, "label"),
    (31, "list"),
    (32, "list item"),
    (33, "menu"),
    (35, "menu item"),
    (37, "page tab"),
    (38, "page tab list"),
    (39, "panel"),
    (40, "password text"),
    (42, "progress bar"),
    (43, "button"),
    (44, "radio button"),
    (49, "scroll pane"),
    (50, "separator"),
    (51, "slider"),
    (54, "status bar"),
    (55, "table"),
    (61, "text"),
    (62, "toggle button"),
    (64, "tool tip"),
    (67, "unknown"),
    (73, "paragraph"),
    (75, "application"),
    (79, "entry"),
    (83, "heading"),
    (85, "section"),
    (87, "form"),
    (88, "link"),
    (95, "document"),
    (97, "comment"),
    (98, "list box"),
    (99, "grouping"),
    (101, "notification"),
    (109, "article"),
    (110, "landmark"),
    (111, "log"),
    (116, "static"),
    (122, "term"),
    (123, "description"),
];

/// What can be said of a part of the page, by its place in the protocol's set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the protocol's own words")]
pub enum State {
    Checked = 4,
    Editable = 7,
    Expandable = 9,
    Expanded = 10,
    Focusable = 11,
    Focused = 12,
    Pressed = 20,
    Selectable = 22,
    Selected = 23,
    Showing = 25,
    Required = 33,
    Invalid = 36,
    Checkable = 41,
}

/// A part of the page, as it is told.
#[derive(Clone)]
pub struct Part {
    /// What kind of thing it is.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// The text in it, where it is no more than text.
    pub text: String,
    /// Whatever else is said of it.
    pub attributes: HashMap<String, String>,
    /// What lies in it.
    pub parts: Vec<Part>,
    states: u64,
}

impl Part {
    /// Tells whether something can be said of it.
    #[must_use]
    pub const fn is(&self, state: State) -> bool {
        self.states & (1 << state as u64) != 0
    }

    /// Returns this part and all within it, in reading order.
    #[must_use]
    pub fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for part in &self.parts {
            all.extend(part.all());
        }
        all
    }

    /// Returns those with a role.
    #[must_use]
    pub fn with_role(&self, role: &str) -> Vec<&Self> {
        let all = self.all().into_iter();
        all.filter(|part| part.role == role).collect()
    }

    /// Returns the first with this role whose name begins so.
    ///
    /// # Errors
    /// When there is none; the text says what there is.
    pub fn find(&self, role: &str, name: &str) -> Result<&Self> {
        let mut all = self.with_role(role).into_iter();
        all.find(|part| part.name.starts_with(name))
            .with_context(|| format!("there is no {role} called {name:?} in\n{self:?}"))
    }

    /// Returns the landmarks, such as `main` and `navigation`, with their names.
    #[must_use]
    pub fn landmarks(&self) -> Vec<(&str, &str)> {
        let of = |part: &&Self| part.role == "landmark";
        let all = self.all().into_iter().filter(of);
        all.map(|part| {
            let kind = part.attributes.get("xml-roles").map(String::as_str);
            (kind.unwrap_or_default(), part.name.as_str())
        })
        .collect()
    }

    /// Returns what keeps people from it who hear it: controls without a name, pictures and fields
    /// that nobody can tell, lists that are none, and views that cannot be found one's way in.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for part in self.all() {
            let named = !part.name.trim().is_empty();
            if CONTROLS.contains(&part.role.as_str()) && !named {
                faults.push(format!("a {} without a name: {part:?}", part.role));
            }
            // The engine has no word for what folds.
            let folds = part
                .attributes
                .get("tag")
                .is_some_and(|tag| FOLDING.contains(&tag.as_str()));
            let strange = part.role == "unknown" && !folds;
            if strange || part.is(State::Focusable) && STRANGE.contains(&part.role.as_str()) {
                faults.push(format!(
                    "{} {:?} has the focus of a control",
                    part.role, part.name
                ));
            }
            if part.role == "list" && part.parts.iter().any(|one| one.role != "list item") {
                faults.push(format!("a list of something else: {part:?}"));
            }
            // What is between two braces was meant to be replaced.
            if part.name.contains(['{', '}']) || part.text.contains("{n}") {
                faults.push(format!("a word for programs: {:?}", part.name));
            }
        }
        let landmarks = self.landmarks();
        for (i, one) in landmarks.iter().enumerate() {
            if landmarks.iter().skip(i + 1).any(|other| other == one) {
                faults.push(format!("two landmarks are {one:?}"));
            }
        }
        if landmarks.iter().filter(|(kind, _)| *kind == "main").count() != 1 {
            faults.push(format!(
                "where the view begins is not to be found: {landmarks:?}"
            ));
        }
        let headings = self.with_role("heading");
        if !headings.iter().any(|one| {
            one.attributes
                .get("level")
                .is_some_and(|level| level == "1")
        }) {
            faults.push(format!("the view has no name: {headings:?}"));
        }
        faults
    }

    /// Returns what it says, in reading order: names, and texts that are no names.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        for part in self.all() {
            for one in [&part.name, &part.text] {
                if !one.is_empty() {
                    words.push_str(one);
                    words.push('\n');
                }
            }
        }
        words
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn line(part: &Part, depth: usize, to: &mut String) -> fmt::Result {
            write!(to, "{:depth$}{} {:?}", "", part.role, part.name)?;
            if !part.text.is_empty() && part.text != part.name {
                write!(to, " = {:?}", part.text)?;
            }
            for state in [
                State::Checked,
                State::Editable,
                State::Expanded,
                State::Focusable,
                State::Focused,
                State::Pressed,
                State::Selected,
            ] {
                if part.is(state) {
                    write!(to, " {state:?}")?;
                }
            }
            writeln!(to, " {:x} {:?}", part.states, part.attributes)?;
            part.parts
                .iter()
                .try_for_each(|one| line(one, depth + 1, to))
        }
        let mut text = String::new();
        line(self, 0, &mut text)?;
        to.write_str(&text)
    }
}

/// The bus of those who read aloud.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    pub(crate) async fn start(world: &World) -> Result<Self> {
        let launcher = [
            "/usr/libexec/at-spi-bus-launcher",
            "/usr/lib/at-spi2-core/at-spi-bus-launcher",
        ];
        let launcher = launcher
            .into_iter()
            .find(|path| std::path::Path::new(path).is_file())
            .context("at-spi2-core is not installed")?;
        let daemon = world.spawn(
            Command::new(launcher)
                .arg("--launch-immediately")
                .env("DBUS_SESSION_BUS_ADDRESS", world.bus())
                .env("GSETTINGS_BACKEND", "memory")
                .env("XDG_RUNTIME_DIR", world.folder())
                .env_remove("DISPLAY")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        world.group().keep(daemon);
        let session = connection::Builder::address(world.bus())?.build().await?;
        let address = until("the bus of those who read aloud", async || {
            Ok(Some(BusProxy::new(&session).await?.get_address().await?))
        })
        .await?;
        // Programs ask whether anybody reads.
        let status =
            zbus::Proxy::new(&session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Status").await?;
        status.set_property("IsEnabled", Value::from(true)).await?;
        let connection = connection::Builder::address(address.as_str())?
            .build()
            .await?;
        Ok(Self { connection })
    }

    /// Reads the page of the window whose title ends so.
    ///
    /// # Errors
    /// When there is none to read.
    pub async fn reads(&self, title: &str) -> Result<Part> {
        let root = path("/org/a11y/atspi/accessible/root")?;
        let registry = ("org.a11y.atspi.Registry".to_owned(), root);
        for program in self.children(&registry).await? {
            for window in self.children(&program).await? {
                if self.about(&window).await?.name().await?.ends_with(title) {
                    let mut left = MOST;
                    return Box::pin(self.read(&window, &mut left)).await;
                }
            }
        }
        bail!("nobody shows {title:?}")
    }

    /// Reads the page again and again until it is as wanted.
    ///
    /// # Errors
    /// When it does not become so; the error is the last objection.
    pub async fn hears<T>(
        &self,
        what: &str,
        title: &str,
        good: impl Fn(&Part) -> Result<T>,
    ) -> Result<T> {
        until(&format!("{title:?} to say: {what}"), async || {
            good(&self.reads(title).await?).map(Some)
        })
        .await
    }

    async fn read(&self, address: &Address, left: &mut usize) -> Result<Part> {
        *left = left.checked_sub(1).context("the page has no end")?;
        let about = self.about(address).await?;
        let role = role(about.get_role().await?);
        let name = about.name().await?;
        let states = about.get_state().await?;
        let states = states
            .iter()
            .rev()
            .fold(0, |all, word| all << 32 | u64::from(*word));
        let attributes = about.get_attributes().await?;
        let mut parts = Vec::new();
        for child in children(&about).await? {
            parts.push(Box::pin(self.read(&child, left)).await?);
        }
        let interfaces = about.get_interfaces().await?;
        let text = match interfaces.iter().any(|one| one == "org.a11y.atspi.Text") {
            true => {
                let text = TextProxy::builder(&self.connection)
                    .destination(address.0.clone())?
                    .path(&address.1)?
                    .build()
                    .await?;
                // Other parts in it stand as a sign of their own.
                text.get_text(0, -1).await?.replace('\u{fffc}', "")
            }
            false => String::new(),
        };
        Ok(Part {
            role,
            name,
            text,
            attributes,
            parts,
            states,
        })
    }

    async fn children(&self, address: &Address) -> Result<Vec<Address>> {
        children(&self.about(address).await?).await
    }

    async fn about(&self, address: &Address) -> Result<AccessibleProxy<'static>> {
        Ok(AccessibleProxy::builder(&self.connection)
            .destination(address.0.clone())?
            .path(address.1.clone())?
            .cache_properties(CacheProperties::No)
            .build()
            .await?)
    }
}

/// Returns the word for a role, or its number where it is none that a page has.
fn role(number: u32) -> String {
    let known = ROLES.iter().find(|(one, _)| *one == number);
    known.map_or_else(|| number.to_string(), |(_, word)| (*word).to_owned())
}

async fn children(of: &AccessibleProxy<'_>) -> Result<Vec<Address>> {
    let mut children = of.get_children().await?;
    if children.is_empty() && of.child_count().await? > 0 {
        // GTK leaves out the page, which is another program's.
        children.push(of.get_child_at_index(0).await?);
    }
    Ok(children)
}

fn path(text: &str) -> Result<OwnedObjectPath> {
    Ok(OwnedObjectPath::try_from(text)?)
}
