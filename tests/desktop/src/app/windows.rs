//! The app's windows as the display sees them, and the keyboard before them.

use std::fs::File;

use anyhow::Result;
use x11rb::protocol::xproto::ModMask;

use super::App;
use crate::{
    Frame, programs,
    screen::{Screen, TakenKeys},
    until,
};

impl App<'_> {
    /// Returns the app's windows, those that are hidden too, whoever started it.
    ///
    /// # Errors
    /// When the display cannot be asked.
    pub fn windows(&self) -> Result<Vec<Frame>> {
        self.screen()?.windows()
    }

    /// Returns the display, which is this app's alone.
    pub(crate) fn screen(&self) -> Result<Screen> {
        Screen::open(&self.display)
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

    pub(super) fn main_window(&self) -> Result<Option<Frame>> {
        let mut windows = self.windows()?.into_iter();
        Ok(windows.find(|window| window.visible && window.title.starts_with("Magpie")))
    }

    /// Asks a window to close, as its button does.
    ///
    /// # Errors
    /// When the display cannot be asked.
    pub fn closes_window(&self, window: &Frame) -> Result<()> {
        self.screen()?.close(window)
    }

    /// Puts a window somewhere else, with another size: left, top, width, height.
    ///
    /// # Errors
    /// When the display does not.
    pub fn moves_window(&self, window: &Frame, place: (i32, i32, u32, u32)) -> Result<()> {
        self.screen()?.place(window, place)
    }

    /// Presses a key while others are held, on the keyboard and not in the page.
    ///
    /// # Errors
    /// When the keyboard has no such key.
    pub fn presses(&self, held: &[&str], key: &str) -> Result<()> {
        self.screen()?.press(held, key)
    }

    /// Lets another program have a key with Ctrl from anywhere, until what is returned is dropped.
    ///
    /// # Errors
    /// When somebody else has it.
    pub fn others_take_ctrl(&self, key: &str) -> Result<TakenKeys> {
        TakenKeys::new(self.screen()?, ModMask::CONTROL, key)
    }

    /// Types a line into a window, as on its keyboard, and presses Enter.
    ///
    /// # Errors
    /// When the keyboard has no such keys.
    pub async fn types_into(&self, window: &Frame, line: &str) -> Result<()> {
        let screen = self.screen()?;
        screen.gives_keys(window)?;
        until("the window to have the keyboard", async || {
            Ok(screen.has_keys(window)?.then_some(()))
        })
        .await?;
        for sign in line.chars() {
            screen.press(&[], &sign.to_string())?;
        }
        screen.press(&[], "Enter")
    }

    /// Writes a picture of a window to `target/screenshots/<name>.png`, as the display shows it.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub fn photograph(&self, name: &str, window: &Frame) -> Result<()> {
        let path = programs::screenshot(name)?;
        let (width, height, points) = self.screen()?.look_at(window)?;
        let mut picture = png::Encoder::new(File::create(path)?, width, height);
        picture.set_color(png::ColorType::Rgb);
        picture.write_header()?.write_image_data(&points)?;
        Ok(())
    }
}
