//! Where windows were, for the next start.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager as _, Monitor, Window};
use tokio::time::sleep;

use crate::desktop::Desktop;

/// So much of a window's upper edge must be on a screen that it can be taken hold of.
const GRIP_WIDTH: f64 = 120.0;
const GRIP_HEIGHT: f64 = 40.0;
/// How long a place is only in memory.
const MOMENT: Duration = Duration::from_secs(1);

/// A window's size, and where it stood, in the units of its screen's scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Of what the window shows.
    pub(super) width: f64,
    pub(super) height: f64,
    /// The corner on the left above; some desktops do not say it.
    pub(super) corner: Option<(f64, f64)>,
    pub(super) maximized: bool,
}

/// A screen without its panels, in the units of its scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl From<&Monitor> for Screen {
    fn from(monitor: &Monitor) -> Self {
        let area = monitor.work_area();
        let corner = area.position.to_logical(monitor.scale_factor());
        let size = area.size.to_logical(monitor.scale_factor());
        Self {
            left: corner.x,
            top: corner.y,
            width: size.width,
            height: size.height,
        }
    }
}

impl Screen {
    /// Tells whether a window whose corner is there can be taken hold of here.
    fn holds(&self, (x, y): (f64, f64), width: f64) -> bool {
        if !x.is_finite() || !y.is_finite() {
            return false;
        }
        let seen = (x + width).min(self.left + self.width) - x.max(self.left);
        seen >= GRIP_WIDTH.min(width)
            && y >= self.top - 1.0
            && y + GRIP_HEIGHT <= self.top + self.height
    }
}

impl Place {
    /// Returns the place as it can be used on these screens: no smaller than the least size, no
    /// larger than the largest screen, and where it can be seen.
    pub(super) fn fitted(mut self, least: (f64, f64), screens: &[Screen]) -> Self {
        let finite = |number: f64, otherwise: f64| {
            if number.is_finite() {
                number
            } else {
                otherwise
            }
        };
        let largest = |side: fn(&Screen) -> f64| screens.iter().map(side).reduce(f64::max);
        self.width = finite(self.width, least.0)
            .min(largest(|screen| screen.width).unwrap_or(f64::INFINITY))
            .max(least.0);
        self.height = finite(self.height, least.1)
            .min(largest(|screen| screen.height).unwrap_or(f64::INFINITY))
            .max(least.1);
        self.corner = self.corner.filter(|corner| {
            screens
                .iter()
                .any(|screen| screen.holds(*corner, self.width))
        });
        self
    }
}

/// The places of all windows, by their labels, in a file of the profile.
pub(crate) struct Places {
    file: PathBuf,
    known: Mutex<BTreeMap<String, Place>>,
    /// Whether they are about to be written.
    pending: AtomicBool,
}

impl Places {
    /// Reads them. What cannot be read is forgotten.
    pub(crate) fn open(folder: &Path) -> Self {
        let file = folder.join("windows.json");
        let known = fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            file,
            known: Mutex::new(known.unwrap_or_default()),
            pending: AtomicBool::new(false),
        }
    }

    pub(super) fn get(&self, app: &AppHandle, label: &str, least: (f64, f64)) -> Option<Place> {
        let place = self.known.lock().get(label).copied()?;
        let screens: Vec<Screen> = app
            .available_monitors()
            .unwrap_or_default()
            .iter()
            .map(Screen::from)
            .collect();
        Some(place.fitted(least, &screens))
    }

    /// Notes where a window is now.
    pub(crate) fn note(&self, window: &Window) {
        if let Err(error) = self.try_note(window) {
            tracing::debug!(%error, "a window does not say where it is");
        }
    }

    fn try_note(&self, window: &Window) -> tauri::Result<()> {
        if !window.is_visible()? || window.is_minimized()? || window.is_fullscreen()? {
            return Ok(());
        }
        let scale = window.scale_factor()?;
        let maximized = window.is_maximized()?;
        let size = window.inner_size()?.to_logical(scale);
        let corner = window.outer_position().ok().map(|corner| {
            let corner = corner.to_logical(scale);
            (corner.x, corner.y)
        });
        let now = Place {
            width: size.width,
            height: size.height,
            corner,
            maximized,
        };
        let mut known = self.known.lock();
        match known.get_mut(window.label()) {
            // The size before is what it will go back to.
            Some(before) if maximized => before.maximized = true,
            _ => {
                known.insert(window.label().to_owned(), now);
            }
        }
        Ok(())
    }

    /// Writes what was noted.
    pub(crate) fn save(&self) {
        if let Err(error) = self.try_save() {
            tracing::warn!(%error, "where the windows are cannot be kept");
        }
    }

    fn try_save(&self) -> io::Result<()> {
        // Held to the end: two who write the same file at once would tear it.
        let known = self.known.lock();
        let json = serde_json::to_vec(&*known)?;
        let beside = self.file.with_extension("json.new");
        fs::write(&beside, json)?;
        fs::rename(beside, &self.file)
    }
}

/// Writes what was noted a moment later, once for all that happens until then: a window that is
/// dragged says so at every step.
pub(crate) fn save_places_soon(app: &AppHandle) {
    if app
        .state::<Desktop>()
        .places()
        .pending
        .swap(true, Ordering::AcqRel)
    {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        sleep(MOMENT).await;
        let desktop = app.state::<Desktop>();
        desktop.places().pending.store(false, Ordering::Release);
        desktop.places().save();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: (f64, f64) = (720.0, 480.0);
    const LEFT: Screen = Screen {
        left: 0.0,
        top: 24.0,
        width: 1280.0,
        height: 776.0,
    };
    const RIGHT: Screen = Screen {
        left: 1280.0,
        top: 0.0,
        width: 1920.0,
        height: 1080.0,
    };

    fn at(x: f64, y: f64) -> Place {
        Place {
            width: 900.0,
            height: 600.0,
            corner: Some((x, y)),
            maximized: false,
        }
    }

    #[test]
    fn a_window_stays_where_it_can_be_taken_hold_of() {
        for place in [
            at(100.0, 100.0),
            at(1400.0, 50.0),
            at(-700.0, 30.0),
            at(2900.0, 0.0),
        ] {
            assert_eq!(place.fitted(LEAST, &[LEFT, RIGHT]), place);
        }
    }

    #[test]
    fn a_window_on_a_screen_that_is_gone_is_placed_anew() {
        for place in [
            at(1400.0, 50.0),
            at(-5000.0, 100.0),
            at(-850.0, 100.0),
            at(100.0, -300.0),
            at(100.0, 790.0),
            at(f64::NAN, 100.0),
        ] {
            assert_eq!(place.fitted(LEAST, &[LEFT]).corner, None, "{place:?}");
        }
    }

    #[test]
    fn a_size_fits_the_screen_and_the_least_size() {
        let sized = |width, height| Place {
            width,
            height,
            ..at(0.0, 30.0)
        };
        let fitted = |place: Place| {
            let place = place.fitted(LEAST, &[LEFT]);
            (place.width, place.height)
        };
        assert_eq!(fitted(sized(5000.0, 5000.0)), (1280.0, 776.0));
        assert_eq!(fitted(sized(10.0, -10.0)), LEAST);
        assert_eq!(fitted(sized(f64::NAN, f64::INFINITY)), LEAST);
        assert_eq!(fitted(sized(1000.0, 500.0)), (1000.0, 500.0));
    }

    #[test]
    fn places_are_kept_and_nonsense_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::open(folder.path());
        places.known.lock().insert("main".to_owned(), at(1.0, 2.0));
        places.save();
        let again = Places::open(folder.path());
        assert_eq!(again.known.lock().get("main"), Some(&at(1.0, 2.0)));
        fs::write(folder.path().join("windows.json"), "{").unwrap();
        assert!(Places::open(folder.path()).known.lock().is_empty());
    }
}
