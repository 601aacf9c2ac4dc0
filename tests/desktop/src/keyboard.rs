//! Going through the page with nothing but keys, which are pressed on the display and not in the page.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::{App, screen::Screen, until};

/// Counts keys in the page, and tells where the focus is, and whether that could be seen where it was
/// before.
const LISTEN: &str = r#"
if (window.walk) return;
const walk = (window.walk = { ups: 0, ids: new WeakMap(), next: 1, at: null, looks: '' });
window.addEventListener('keyup', () => { walk.ups += 1 }, true);
const seen = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderColor', 'backgroundColor', 'color', 'opacity'];
const look = (one) => { const style = getComputedStyle(one); return seen.map((name) => style[name]).join() };
walk.look = (one) => {
  const around = [one, ...one.children, ...(one.parentElement?.children ?? [])];
  for (let up = one.parentElement; up && around.length < 60 && up !== document.body; up = up.parentElement) around.push(up);
  return around.map(look).join(';');
};
walk.where = () => {
  const one = document.activeElement;
  const lost = !one || one === document.body || one === document.documentElement;
  const before = walk.at;
  // What has left the page, or can be left only by closing it, is not looked at again.
  const unseen = before && before !== one && before.isConnected && !walk.writes(before) && before.getAttribute('aria-expanded') !== 'true' && walk.look(before) === walk.looks;
  const looks = walk.looks;
  const place = lost ? null : one.getBoundingClientRect();
  if (!lost && !walk.ids.has(one)) walk.ids.set(one, walk.next++);
  walk.at = lost ? null : one;
  walk.looks = lost ? '' : walk.look(one);
  return {
    id: lost ? 0 : walk.ids.get(one),
    what: lost ? 'nothing' : walk.name(one),
    test_id: lost ? '' : (one.closest('[data-testid]')?.dataset.testid ?? ''),
    dialog: lost ? '' : (one.closest('[role=dialog], [role=alertdialog], [role=menu], [role=listbox]')?.getAttribute('role') ?? ''),
    covered: !lost && one.closest('[aria-hidden=true], [inert]') !== null,
    on_screen: lost || (place.bottom > 0 && place.right > 0 && place.top < innerHeight && place.left < innerWidth),
    unseen: unseen ? `${walk.name(before)}: ${looks.slice(0, 400)}` : '',
  };
};
walk.writes = (one) => one.isContentEditable || (one.matches('input, textarea') && !['checkbox', 'radio', 'range', 'button', 'submit'].includes(one.type));
walk.name = (one) => `${one.tagName.toLowerCase()} ${one.getAttribute('role') ?? ''} ${one.getAttribute('aria-label') ?? one.innerText?.slice(0, 40) ?? ''} [${one.dataset.testid ?? ''}] ${one.id}`;
"#;

/// No view has more places that Tab reaches.
const MOST: usize = 120;

/// Where the focus is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Focus {
    /// A number of its own, 0 for nowhere.
    pub id: u32,
    /// What it is, for people.
    pub what: String,
    /// The nearest test id.
    pub test_id: String,
    /// The role of what it lies in where that is a dialog, a menu or a list to choose from.
    pub dialog: String,
    covered: bool,
    on_screen: bool,
    unseen: String,
}

/// The keyboard before an app's main window.
pub struct Keyboard<'a, 'w> {
    app: &'a App<'w>,
    screen: Screen,
}

impl<'w> App<'w> {
    /// Sits down at the keyboard. Until the page is loaded anew, it counts the keys.
    ///
    /// # Errors
    /// When there is no window or no page.
    pub async fn keyboard(&self) -> Result<Keyboard<'_, 'w>> {
        let window = self.window_is_shown().await?;
        let screen = self.screen()?;
        screen.gives_keys(&window)?;
        self.script(LISTEN, vec![]).await?;
        until("the window to have the keyboard", async || {
            let has = self.script("return document.hasFocus()", vec![]).await?;
            Ok((has == json!(true)).then_some(()))
        })
        .await?;
        Ok(Keyboard { app: self, screen })
    }
}

impl Keyboard<'_, '_> {
    /// Presses a key while others are held, and returns where the focus is when the page has heard
    /// all of it.
    ///
    /// # Errors
    /// When the page hears nothing, or the focus is lost, hidden or nowhere to be seen.
    pub async fn chord(&self, held: &[&str], key: &str) -> Result<Focus> {
        let before = self.heard().await?;
        self.screen.press(held, key)?;
        until(&format!("the page to hear {held:?} {key}"), async || {
            Ok((self.heard().await? > before + held.len()).then_some(()))
        })
        .await?;
        self.focus()
            .await
            .with_context(|| format!("after {held:?} {key}"))
    }

    /// The same for a single key.
    ///
    /// # Errors
    /// Those of [`Self::chord`].
    pub async fn press(&self, key: &str) -> Result<Focus> {
        self.chord(&[], key).await
    }

    /// Presses several keys, one after the other.
    ///
    /// # Errors
    /// Those of [`Self::chord`].
    pub async fn types(&self, text: &str) -> Result<Focus> {
        let before = self.heard().await?;
        for sign in text.chars() {
            self.screen.press(&[], &sign.to_string())?;
        }
        let most = text.chars().count();
        until(&format!("the page to hear {text:?}"), async || {
            Ok((self.heard().await? >= before + most).then_some(()))
        })
        .await?;
        self.focus().await
    }

    /// Returns where the focus is.
    ///
    /// # Errors
    /// When it is lost, hidden or off the screen, or could not be seen where it was before.
    pub async fn focus(&self) -> Result<Focus> {
        // A dialog that closes gives it back a moment later.
        let focus = until("a focus", async || {
            let focus = self.where_it_is().await?;
            ensure!(focus.id != 0, "the focus is lost");
            ensure!(!focus.covered, "{} has the focus and is hidden", focus.what);
            ensure!(focus.on_screen, "{} is off the screen", focus.what);
            Ok(Some(focus))
        })
        .await?;
        ensure!(
            focus.unseen.is_empty(),
            "nobody could see that {} had the focus",
            focus.unseen
        );
        Ok(focus)
    }

    /// Presses Tab until the focus is on something with a test id.
    ///
    /// # Errors
    /// When Tab does not get there; the text says what it got to.
    pub async fn tabs_to(&self, test_id: &str) -> Result<Focus> {
        let mut seen = Vec::new();
        for _ in 0..MOST {
            let focus = self.press("Tab").await?;
            if focus.test_id == test_id {
                return Ok(focus);
            }
            if seen.contains(&focus.what) && seen.first() == Some(&focus.what) {
                break;
            }
            seen.push(focus.what);
        }
        bail!("Tab does not get to {test_id}, but to {seen:#?}")
    }

    /// The same, backwards.
    ///
    /// # Errors
    /// When Shift and Tab do not get there.
    pub async fn tabs_back_to(&self, test_id: &str) -> Result<Focus> {
        let mut seen = Vec::new();
        for _ in 0..MOST {
            let focus = self.chord(&["Shift_L"], "Tab").await?;
            if focus.test_id == test_id {
                return Ok(focus);
            }
            seen.push(focus.what);
        }
        bail!("Tab does not lead back to {test_id}, but to {seen:#?}")
    }

    /// Presses a key until the focus is on something with a test id, or something that says so.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn moves_to(&self, key: &str, words: &str) -> Result<Focus> {
        let mut seen = Vec::new();
        for _ in 0..MOST {
            let focus = self.press(key).await?;
            if focus.test_id == words || focus.what.contains(words) {
                return Ok(focus);
            }
            seen.push(focus.what);
            if seen.len() > 40 {
                break;
            }
        }
        bail!("{key} does not get to {words}, but to {seen:#?}")
    }

    /// Goes round with Tab until the focus is where it began, one step back with Shift and one forth
    /// again, and returns all places.
    ///
    /// # Errors
    /// When one of them is lost, hidden or cannot be seen, or the way back is another.
    pub async fn goes_round(&self) -> Result<Vec<Focus>> {
        let mut places: Vec<Focus> = Vec::new();
        while places.len() < MOST {
            let focus = self.press("Tab").await?;
            if places.first().is_some_and(|first| first.id == focus.id) {
                let last = self.chord(&["Shift_L"], "Tab").await?;
                let wanted = places.last().map(|one| one.id);
                ensure!(
                    Some(last.id) == wanted,
                    "back from {} leads to {}",
                    focus.what,
                    last.what
                );
                return Ok(places);
            }
            if let Some(again) = places.iter().find(|one| one.id == focus.id) {
                bail!("Tab is caught at {}: {places:#?}", again.what);
            }
            places.push(focus);
        }
        bail!("Tab does not come round: {places:#?}")
    }

    async fn where_it_is(&self) -> Result<Focus> {
        let place = self
            .app
            .script("return window.walk.where()", vec![])
            .await?;
        Ok(serde_json::from_value(place)?)
    }

    async fn heard(&self) -> Result<usize> {
        let ups = self.app.script("return window.walk.ups", vec![]).await?;
        Ok(usize::try_from(ups.as_u64().context("no number")?)?)
    }
}
