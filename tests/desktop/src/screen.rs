//! What the display server knows of an app's windows, and what a window manager says to them.

use anyhow::{Context as _, Result, bail};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{
        Atom, AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask,
        GrabMode, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, ModMask, Window,
    },
    protocol::xtest::ConnectionExt as _,
    rust_connection::RustConnection,
};

/// A window that people see, or would if it were not hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    id: Window,
    /// Its title.
    pub title: String,
    /// Whether it is on the screen.
    pub visible: bool,
    /// Its place and size: left, top, width, height.
    pub place: (i32, i32, u32, u32),
}

/// Keys that another program has, as long as this lives.
pub struct TakenKeys {
    _screen: Screen,
}

impl TakenKeys {
    pub(crate) fn new(screen: Screen, held: ModMask, key: &str) -> Result<Self> {
        screen.take(held, key)?;
        Ok(Self { _screen: screen })
    }
}

pub(crate) struct Screen {
    connection: RustConnection,
    root: Window,
}

impl Screen {
    pub(crate) fn open(display: &str) -> Result<Self> {
        let (connection, number) = x11rb::connect(Some(display))?;
        let screen = connection.setup().roots.get(number);
        let root = screen.context("the display has no screen")?.root;
        Ok(Self { connection, root })
    }

    /// Returns the windows of a process.
    pub(crate) fn windows(&self, process: u32) -> Result<Vec<Frame>> {
        let mut frames = Vec::new();
        let pid = self.atom("_NET_WM_PID")?;
        let protocols = self.atom("WM_PROTOCOLS")?;
        let title = self.atom("_NET_WM_NAME")?;
        let utf8 = self.atom("UTF8_STRING")?;
        for id in self.connection.query_tree(self.root)?.reply()?.children {
            // A window may go away between two questions.
            let Ok(owner) = self.property(id, pid, AtomEnum::CARDINAL.into()) else {
                continue;
            };
            if owner != process.to_ne_bytes()
                || self
                    .property(id, protocols, AtomEnum::ATOM.into())?
                    .is_empty()
            {
                continue;
            }
            let title = self.property(id, title, utf8)?;
            let state = self
                .connection
                .get_window_attributes(id)?
                .reply()?
                .map_state;
            let place = self.connection.get_geometry(id)?.reply()?;
            frames.push(Frame {
                id,
                title: String::from_utf8_lossy(&title).into_owned(),
                visible: state == MapState::VIEWABLE,
                place: (
                    place.x.into(),
                    place.y.into(),
                    place.width.into(),
                    place.height.into(),
                ),
            });
        }
        Ok(frames)
    }

    /// Asks a window to close, as its button does.
    pub(crate) fn close(&self, frame: &Frame) -> Result<()> {
        let protocols = self.atom("WM_PROTOCOLS")?;
        let delete = self.atom("WM_DELETE_WINDOW")?;
        let message = ClientMessageEvent::new(32, frame.id, protocols, [delete, 0, 0, 0, 0]);
        let connection = &self.connection;
        connection.send_event(false, frame.id, EventMask::NO_EVENT, message)?;
        connection.flush()?;
        Ok(())
    }

    /// Puts a window somewhere else, with another size.
    pub(crate) fn place(&self, frame: &Frame, place: (i32, i32, u32, u32)) -> Result<()> {
        let (left, top, width, height) = place;
        let change = ConfigureWindowAux::new()
            .x(left)
            .y(top)
            .width(width)
            .height(height);
        self.connection
            .configure_window(frame.id, &change)?
            .check()?;
        Ok(())
    }

    /// Presses a key while others are held, and lets go of them.
    pub(crate) fn press(&self, held: &[&str], key: &str) -> Result<()> {
        let codes: Vec<u8> = held
            .iter()
            .chain([&key])
            .map(|name| self.key(name))
            .collect::<Result<_>>()?;
        let presses = codes.iter().map(|code| (KEY_PRESS_EVENT, *code));
        let releases = codes.iter().rev().map(|code| (KEY_RELEASE_EVENT, *code));
        for (event, code) in presses.chain(releases) {
            let connection = &self.connection;
            connection
                .xtest_fake_input(event, code, 0, self.root, 0, 0, 0)?
                .check()?;
        }
        Ok(())
    }

    /// Asks for a key as a program does that has it from anywhere.
    fn take(&self, held: ModMask, key: &str) -> Result<()> {
        let (code, mode) = (self.key(key)?, GrabMode::ASYNC);
        let connection = &self.connection;
        connection
            .grab_key(false, self.root, held, code, mode, mode)?
            .check()?;
        Ok(())
    }

    /// Returns the code of the key that writes something; letters, function keys and modifiers.
    fn key(&self, name: &str) -> Result<u8> {
        let keysym = match name {
            "Control_L" => 0xffe3,
            "Alt_L" => 0xffe9,
            "F9" => 0xffc6,
            letter => u32::from(letter.chars().next().context("no key")?),
        };
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let asked = self
            .connection
            .get_keyboard_mapping(first, last - first + 1)?;
        let mapping = asked.reply()?;
        let per_key = usize::from(mapping.keysyms_per_keycode);
        (first..=last)
            .zip(mapping.keysyms.chunks(per_key))
            .find(|(_, keysyms)| keysyms.contains(&keysym))
            .map(|(code, _)| code)
            .with_context(|| format!("the keyboard has no {name}"))
    }

    fn atom(&self, name: &str) -> Result<Atom> {
        let atom = self.connection.intern_atom(false, name.as_bytes())?;
        Ok(atom.reply()?.atom)
    }

    fn property(&self, window: Window, name: Atom, kind: Atom) -> Result<Vec<u8>> {
        let asked = self
            .connection
            .get_property(false, window, name, kind, 0, 1024);
        let answer = asked?.reply()?;
        if answer.bytes_after > 0 {
            bail!("a property is too long");
        }
        Ok(answer.value)
    }
}
