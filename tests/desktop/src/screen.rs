//! What the display server knows of an app's windows, and what a window manager says to them.

use anyhow::{Context as _, Result, bail};
use x11rb::{
    CURRENT_TIME,
    connection::Connection as _,
    protocol::xproto::{
        Atom, AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask,
        GrabMode, ImageFormat, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, ModMask,
        Window,
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

/// Keys that write nothing.
const KEYSYMS: [(&str, u32); 17] = [
    ("BackSpace", 0xff08),
    ("Tab", 0xff09),
    ("Enter", 0xff0d),
    ("Escape", 0xff1b),
    ("Home", 0xff50),
    ("Left", 0xff51),
    ("Up", 0xff52),
    ("Right", 0xff53),
    ("Down", 0xff54),
    ("End", 0xff57),
    ("Menu", 0xff67),
    ("F6", 0xffc3),
    ("F9", 0xffc6),
    ("F10", 0xffc7),
    ("Shift_L", 0xffe1),
    ("Control_L", 0xffe3),
    ("Alt_L", 0xffe9),
];

/// A key, and whether Shift has to be held for what it is to write.
struct Key {
    code: u8,
    shifted: bool,
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

    /// Returns the windows of programs.
    pub(crate) fn windows(&self) -> Result<Vec<Frame>> {
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
            if owner.is_empty()
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
        connection
            .send_event(false, frame.id, EventMask::NO_EVENT, message)?
            // A connection that ends before it was answered may take what it sent along.
            .check()?;
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

    /// Gives a window the keyboard, as a window manager does with the one that is clicked.
    pub(crate) fn gives_keys(&self, frame: &Frame) -> Result<()> {
        let connection = &self.connection;
        connection
            .set_input_focus(InputFocus::PARENT, frame.id, CURRENT_TIME)?
            .check()?;
        Ok(())
    }

    /// Whether a window, or something in it, has the keyboard.
    pub(crate) fn has_keys(&self, frame: &Frame) -> Result<bool> {
        let focus = self.connection.get_input_focus()?.reply()?.focus;
        if focus == frame.id {
            return Ok(true);
        }
        let inner = self.connection.query_tree(frame.id)?.reply()?.children;
        Ok(inner.contains(&focus))
    }

    /// Returns the width and the height of a window and its points, three bytes each.
    pub(crate) fn look_at(&self, frame: &Frame) -> Result<(u32, u32, Vec<u8>)> {
        let place = self.connection.get_geometry(frame.id)?.reply()?;
        let (width, height) = (place.width, place.height);
        let all = !0;
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, frame.id, 0, 0, width, height, all)?
            .reply()?;
        // Blue, green, red and nothing, as the display was made.
        let points = image.data.as_chunks::<4>().0.iter();
        let points = points.flat_map(|[blue, green, red, _]| [*red, *green, *blue]);
        Ok((width.into(), height.into(), points.collect()))
    }

    /// Presses a key while others are held, and lets go of them.
    pub(crate) fn press(&self, held: &[&str], key: &str) -> Result<()> {
        let held = held.iter().map(|name| Ok(self.key(name)?.code));
        let mut codes = held.collect::<Result<Vec<_>>>()?;
        let key = self.key(key)?;
        if key.shifted && !codes.contains(&self.key("Shift_L")?.code) {
            codes.push(self.key("Shift_L")?.code);
        }
        codes.push(key.code);
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
        let (code, mode) = (self.key(key)?.code, GrabMode::ASYNC);
        let connection = &self.connection;
        connection
            .grab_key(false, self.root, held, code, mode, mode)?
            .check()?;
        Ok(())
    }

    /// Returns the key of this name: that of a key that writes nothing, or the sign that it writes.
    fn key(&self, name: &str) -> Result<Key> {
        let named = KEYSYMS.iter().find(|(one, _)| *one == name);
        let keysym = match named {
            Some((_, keysym)) => *keysym,
            None => u32::from(name.chars().next().context("no key")?),
        };
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let asked = self
            .connection
            .get_keyboard_mapping(first, last - first + 1)?;
        let mapping = asked.reply()?;
        let per_key = usize::from(mapping.keysyms_per_keycode);
        let keys = (first..=last).zip(mapping.keysyms.chunks(per_key));
        for (code, keysyms) in keys {
            // The first is the key's own, the second what it writes with Shift.
            if let Some(place) = keysyms.iter().take(2).position(|one| *one == keysym) {
                let shifted = place == 1 && named.is_none();
                return Ok(Key { code, shifted });
            }
        }
        bail!("the keyboard has no {name}")
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
