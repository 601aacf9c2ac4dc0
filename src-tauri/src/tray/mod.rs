//! The tray: an icon with what is unread, and a menu that needs no click on the icon.
//!
//! On Linux it is a StatusNotifierItem, spoken over the session bus without GTK: its menu works
//! wherever the desktop shows one, clicks are not needed, and the bus says whether there is a host
//! at all, which the GTK library for the same does not. Elsewhere it is the system's own, through
//! Tauri.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod picture;

use magpie_core::settings::Pause;
use tauri::AppHandle;
use tokio::sync::watch;

#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(not(target_os = "linux"))]
use self::other as system;
#[cfg(windows)]
pub(crate) use self::picture::badge_alone;
use crate::{desktop, words::Words};

/// What the tray shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Model {
    pub(crate) words: Words,
    /// The profile's name where it is not the usual one.
    pub(crate) profile: Option<String>,
    /// Unread messages, of all accounts.
    pub(crate) unread: u32,
    /// Whether nothing is told of for now.
    pub(crate) quiet: bool,
    /// The accounts that are signed in.
    pub(crate) accounts: Vec<Account>,
    /// Whether the app is locked.
    pub(crate) locked: bool,
}

/// An account, as the menu shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Names it within the profile.
    pub(crate) key: String,
    /// What people know it by.
    pub(crate) name: String,
    /// Whether the link to its server stands.
    pub(crate) online: bool,
    /// Its unread messages.
    pub(crate) unread: u32,
}

impl Model {
    fn title(&self) -> String {
        match &self.profile {
            Some(profile) => format!("Magpie – {profile}"),
            None => "Magpie".to_owned(),
        }
    }

    fn tooltip(&self) -> String {
        let unread = self.words.unread(self.unread);
        if self.quiet {
            format!("{unread}\n{}", self.words.quiet())
        } else {
            unread
        }
    }

    /// Returns the menu, from above.
    fn menu(&self) -> Vec<Entry> {
        let words = self.words;
        let mut menu = vec![Entry::of(Action::Open, words.open()), Entry::Line];
        if self.quiet {
            menu.push(Entry::of(Action::Quiet(None), words.unmute()));
        }
        menu.extend([
            Entry::of(Action::Quiet(Some(Pause::Hour)), words.mute_hour()),
            Entry::of(
                Action::Quiet(Some(Pause::EightHours)),
                words.mute_eight_hours(),
            ),
            Entry::of(Action::Quiet(Some(Pause::Tomorrow)), words.mute_tomorrow()),
            Entry::Line,
        ]);
        menu.extend(self.standing());
        menu.extend([
            Entry::of(Action::Settings, words.settings()),
            Entry::Line,
            Entry::of(Action::Quit, words.quit()),
        ]);
        menu
    }

    /// Returns how the accounts stand, a line for each.
    fn standing(&self) -> Vec<Entry> {
        let words = self.words;
        if self.locked {
            return vec![Entry::of(Action::Open, words.locked())];
        }
        if self.accounts.is_empty() {
            return vec![Entry::of(Action::Open, words.signed_out())];
        }
        let accounts = self.accounts.iter();
        accounts
            .map(|one| {
                let line = words.account(&one.name, one.online, one.unread);
                Entry::of(Action::Account(one.key.clone()), line)
            })
            .collect()
    }
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// Something to choose.
    Action { action: Action, label: String },
    /// A line between groups.
    Line,
}

impl Entry {
    fn of(action: Action, label: String) -> Self {
        Self::Action { action, label }
    }
}

/// What can be done from the tray.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Bring the window to the front.
    Open,
    /// Tell of nothing for a while, or again.
    Quiet(Option<Pause>),
    /// Show this account; its profile where it is in view already.
    Account(String),
    /// Show the settings.
    Settings,
    /// End the app.
    Quit,
}

/// The tray, and whether there is one to be seen.
pub(crate) struct Tray {
    model: watch::Sender<Model>,
    present: watch::Receiver<bool>,
}

impl Tray {
    /// Puts the icon into the tray, now or when a tray appears.
    pub(crate) fn start(app: &AppHandle, model: Model) -> Self {
        let model = watch::Sender::new(model);
        let (seen, present) = watch::channel(false);
        system::start(app, model.subscribe(), seen);
        Self { model, present }
    }

    /// Tells whether the icon can be seen.
    pub(crate) fn is_present(&self) -> bool {
        *self.present.borrow()
    }

    /// Returns whether the icon can be seen, to be waited on.
    pub(crate) fn presence(&self) -> watch::Receiver<bool> {
        self.present.clone()
    }

    /// Changes what it shows.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Model)) {
        self.model.send_if_modified(|model| {
            let before = model.clone();
            change(model);
            *model != before
        });
    }

    /// Returns what it shows.
    pub(crate) fn model(&self) -> watch::Receiver<Model> {
        self.model.subscribe()
    }
}

/// Does what was chosen, from whatever thread that is said on. The token lets the window come to the
/// front, where the desktop asks for one.
fn chosen(app: &AppHandle, action: Action, token: Option<String>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        desktop::chosen_in_tray(&app, action, token).await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_menu_says_how_it_stands() {
        let account = |key: &str, name: &str, online, unread| Account {
            key: key.to_owned(),
            name: name.to_owned(),
            online,
            unread,
        };
        let mut model = Model {
            accounts: vec![
                account("a", "Alice", true, 0),
                account("b", "鲍勃", false, 2),
            ],
            ..Model::default()
        };
        let has = |model: &Model, wanted: &Entry| model.menu().contains(wanted);
        let unmute = Entry::of(Action::Quiet(None), Words::En.unmute());
        for (key, line) in [("a", "Alice – online"), ("b", "鲍勃 – offline, 2 unread")] {
            let entry = Entry::of(Action::Account(key.to_owned()), line.to_owned());
            assert!(has(&model, &entry), "{line}");
        }
        assert!(!has(&model, &unmute));
        model.quiet = true;
        model.words = Words::Zh;
        assert!(has(
            &model,
            &Entry::of(Action::Quiet(None), Words::Zh.unmute())
        ));
        assert!(has(
            &model,
            &Entry::of(Action::Quit, "退出 Magpie".to_owned())
        ));
        assert_eq!(model.menu().len(), 12);

        // What is behind the lock is not said in the menu either.
        model.locked = true;
        assert!(has(&model, &Entry::of(Action::Open, "已锁定".to_owned())));
        assert_eq!(model.menu().len(), 11);
    }

    #[test]
    fn the_tooltip_counts() {
        let mut model = Model {
            unread: 3,
            ..Model::default()
        };
        assert_eq!(model.tooltip(), "3 unread messages");
        model.quiet = true;
        assert_eq!(model.tooltip(), "3 unread messages\nDo not disturb is on");
        model.profile = Some("bob".to_owned());
        assert_eq!(model.title(), "Magpie – bob");
    }
}
