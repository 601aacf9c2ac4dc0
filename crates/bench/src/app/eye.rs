//! What is on the display.

use std::{
    fs,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, ImageFormat},
    rust_connection::RustConnection,
};

/// Where the strip is: inside the round pictures of the list, left of the letters in them.
const LEFT: i16 = 86;
const WIDTH: u16 = 2;
const HEIGHT: u16 = 720;
/// How many pictures make a list, and how high one is at that place, at least.
const PICTURES: usize = 8;
const PICTURE: usize = 20;
/// Nothing takes longer than this.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks at a display.
pub(super) struct Eye {
    connection: RustConnection,
    root: u32,
}

impl Eye {
    /// Opens the display of this name.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) fn open(display: &str) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display))?;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .context("no screen")?
            .root;
        Ok(Self { connection, root })
    }

    /// Waits until the list is there, and returns how long it is since `begin`.
    ///
    /// # Errors
    /// When it does not come, or the display is gone.
    pub(super) fn wait_for_list(&self, begin: Instant) -> Result<Duration> {
        while begin.elapsed() < PATIENCE {
            let pixels = self.strip()?;
            let took = begin.elapsed();
            if pictures(&pixels) >= PICTURES {
                return Ok(took);
            }
            sleep(Duration::from_millis(2));
        }
        bail!("the list was not painted")
    }

    /// Waits until no window is left.
    ///
    /// # Errors
    /// When one stays, or the display is gone.
    pub(super) fn wait_for_nothing(&self) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if pictures(&self.strip()?) == 0 {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!("a window stays")
    }

    /// Writes what is on the display, as a PPM file.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(super) fn picture(&self, path: &Path) -> Result<()> {
        let (width, height) = (1080, 720);
        let pixels = self.look(0, width, height)?;
        let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
        for pixel in pixels.chunks_exact(4) {
            if let [blue, green, red, _] = pixel {
                file.extend([red, green, blue]);
            }
        }
        fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))
    }

    fn strip(&self) -> Result<Vec<u8>> {
        self.look(LEFT, WIDTH, HEIGHT)
    }

    /// Returns the pixels, four bytes each.
    fn look(&self, left: i16, width: u16, height: u16) -> Result<Vec<u8>> {
        let format = ImageFormat::Z_PIXMAP;
        let asked =
            self.connection
                .get_image(format, self.root, left, 0, width, height, u32::MAX)?;
        Ok(asked.reply()?.data)
    }
}

/// Counts the coloured stretches of a strip that are high enough for a picture.
fn pictures(pixels: &[u8]) -> usize {
    let (mut found, mut height) = (0, 0);
    for line in pixels.chunks_exact(4 * usize::from(WIDTH)) {
        let coloured = match line {
            [blue, green, red, ..] => {
                let least = red.min(green).min(blue);
                red.max(green).max(blue) - least > 40
            }
            _ => false,
        };
        height = if coloured { height + 1 } else { 0 };
        if height == PICTURE {
            found += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_high_stretches_of_colour_are_pictures() {
        let line = |colour: [u8; 3]| {
            let [red, green, blue] = colour;
            [blue, green, red, 0].repeat(usize::from(WIDTH))
        };
        let (grey, blue) = (line([200, 200, 200]), line([40, 80, 200]));
        let mut strip = grey.repeat(10);
        for _ in 0..3 {
            strip.extend(blue.repeat(PICTURE + 5));
            strip.extend(grey.repeat(20));
        }
        strip.extend(blue.repeat(PICTURE - 1));
        assert_eq!(pictures(&strip), 3);
        assert_eq!(pictures(&grey.repeat(700)), 0);
    }
}
