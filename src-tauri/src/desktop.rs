//! The app as a program on a desktop: what its windows, tray, notifications, links and shortcuts have
//! in common, and how they follow the settings.

use std::{
    env,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use magpie_core::{
    Clock as _, CoreError, Failure, LocalCode, SystemClock,
    settings::{CloseBehaviour, Settings},
};
use parking_lot::Mutex;
use tauri::{AppHandle, Manager as _};
use tokio::time::timeout;

use crate::{
    autostart, badge,
    engine::{self, Engine},
    instance::Request,
    links::{Malformed, Target},
    log,
    notifications::{Answer, Notifications, Place},
    shell::Shell,
    shortcut::Shortcut,
    told::{Link, ShellEvent, Told},
    tray::{Action, Model, Tray},
    windows::{self, Look, Places},
    words::Words,
};

/// How long a tray may take to appear, or to come back, before a hidden window is shown.
const TRAY_PATIENCE: Duration = Duration::from_secs(10);
/// A week.
const LONGEST_TIMER: Duration = Duration::from_secs(7 * 24 * 3600);

/// The state behind all of it. It is there before the first window.
pub(crate) struct Desktop {
    told: Told,
    places: Places,
    look: Look,
    tray: Tray,
    notifications: Notifications,
    shortcut: Shortcut,
    /// The settings as last applied; those of a new profile until there are any.
    settings: Mutex<Settings>,
    /// Whether the user was asked what closing means, and has not answered.
    close_asked: AtomicBool,
    start: StartedAs,
}

/// How this copy of the app was started, so that it can be started so again.
#[derive(Debug, Clone)]
pub(crate) struct StartedAs {
    /// The profile.
    pub(crate) profile: String,
    /// The folder for all profiles, where one was named.
    pub(crate) data_dir: Option<PathBuf>,
    /// The profile's folder.
    pub(crate) folder: PathBuf,
}

impl StartedAs {
    /// Returns how this copy is started again.
    fn again(&self, hidden: bool) -> autostart::Entry {
        autostart::Entry {
            profile: self.profile.clone(),
            data_dir: self.data_dir.clone(),
            hidden,
        }
    }
}

impl Desktop {
    /// Puts the icon into the tray and begins to take notifications.
    pub(crate) fn new(app: &AppHandle, start: StartedAs) -> Self {
        let profile = Some(&start.profile).filter(|profile| *profile != "default");
        let settings = Settings::default();
        let model = Model {
            words: Words::of(&settings),
            profile: profile.cloned(),
            ..Model::default()
        };
        let tray = Tray::start(app, model);
        badge::follow(app, tray.model());
        Self {
            told: Told::new(app.clone()),
            places: Places::open(&start.folder),
            look: Look {
                profile: profile.cloned(),
                page_data: start.folder.join("page"),
            },
            tray,
            notifications: Notifications::start(app),
            shortcut: Shortcut::default(),
            settings: Mutex::new(settings),
            close_asked: AtomicBool::new(false),
            start,
        }
    }

    /// Returns the way to the main window's page.
    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    /// Returns where the windows are.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Returns what windows have in common.
    pub(crate) fn look(&self) -> &Look {
        &self.look
    }

    /// Returns the tray.
    pub(crate) fn tray(&self) -> &Tray {
        &self.tray
    }

    /// Returns the way to the system's notifications.
    pub(crate) fn notifications(&self) -> &Notifications {
        &self.notifications
    }

    /// Returns what is chosen about the web engine.
    pub(crate) fn engine(&self) -> Engine {
        Engine::of(&self.settings.lock())
    }

    /// Returns the language for what the shell says itself.
    pub(crate) fn words(&self) -> Words {
        Words::of(&self.settings.lock())
    }

    /// Returns what closing the window does.
    pub(crate) fn close_behaviour(&self) -> CloseBehaviour {
        self.settings.lock().close
    }

    /// Returns where the log is.
    pub(crate) fn log_folder(&self) -> PathBuf {
        self.start.folder.join(log::FOLDER)
    }

    /// Returns what this copy of the app is to be started with again.
    pub(crate) fn start_arguments(&self) -> Vec<String> {
        self.start.again(false).arguments()
    }

    /// Describes the desktop to whoever helps, without anything personal.
    pub(crate) fn described(&self) -> Vec<(String, String)> {
        let variable = |name: &str| env::var(name).unwrap_or_default();
        let settings = self.settings.lock().clone();
        [
            ("desktop", variable("XDG_CURRENT_DESKTOP")),
            ("session", variable("XDG_SESSION_TYPE")),
            ("tray", self.tray.is_present().to_string()),
            (
                "graphics changed",
                env::var_os("MAGPIE_GRAPHICS").is_some().to_string(),
            ),
            ("global shortcut", settings.shortcut.is_some().to_string()),
        ]
        .map(|(what, how)| (what.to_owned(), how))
        .to_vec()
    }

    /// Notes whether the user is being asked what closing means; returns whether that was so before.
    pub(crate) fn close_asked(&self, asked: bool) -> bool {
        self.close_asked.swap(asked, Ordering::AcqRel)
    }

    /// Makes everything follow the settings, and tells the pages.
    fn apply(&self, app: &AppHandle, settings: &Settings) {
        // Asked for already where they were just chosen. At a start somebody else may have them.
        if let Err(error) = self.shortcut.set(app, settings.shortcut.as_deref()) {
            tracing::warn!(%error, "the global shortcut does not work");
        }
        let before = std::mem::replace(&mut *self.settings.lock(), settings.clone());
        self.tray.change(|model| {
            model.words = Words::of(settings);
            model.quiet = quiet_for(settings).is_some();
        });
        let engine = Engine::of(settings);
        if engine != Engine::of(&before) {
            for window in app.webview_windows().values() {
                engine::apply(window, engine);
            }
        }
        let settings = settings.clone();
        self.told.tell_all(ShellEvent::Settings { settings });
    }

    /// Does what settings ask of the system and what it may refuse, before they are stored.
    ///
    /// # Errors
    /// [`LocalCode::ShortcutTaken`], [`LocalCode::ShortcutUnsupported`] and [`LocalCode::Internal`].
    pub(crate) fn prepare(
        &self,
        app: &AppHandle,
        before: &Settings,
        after: &Settings,
    ) -> Result<(), Failure> {
        self.shortcut.set(app, after.shortcut.as_deref())?;
        let at_login = |settings: &Settings| (settings.start_at_login, settings.start_hidden);
        if at_login(before) != at_login(after) {
            let entry = self.start.again(after.start_hidden);
            autostart::set(&entry, after.start_at_login).map_err(|error| {
                if let Err(error) = self.shortcut.set(app, before.shortcut.as_deref()) {
                    tracing::warn!(%error, "the keys from before are not had again");
                }
                let message = format!("starting at login: {error}");
                CoreError::local(LocalCode::Internal, message)
            })?;
        }
        Ok(())
    }
}

/// Follows the settings, whoever changes them, from when the profile is open.
pub(crate) fn follow_settings(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let mut changes = app.state::<Shell>().home().await.settings_changes();
        loop {
            let settings = changes.borrow_and_update().clone();
            app.state::<Desktop>().apply(&app, &settings);
            let changed = match quiet_for(&settings) {
                Some(left) => timeout(left, changes.changed()).await,
                None => Ok(changes.changed().await),
            };
            // It is over by itself as well.
            if let Ok(Err(_)) = changed {
                return;
            }
        }
    });
}

/// Returns for how long nothing is told of, counted from now.
fn quiet_for(settings: &Settings) -> Option<Duration> {
    let left = settings.quiet_until?.0 - SystemClock.now().0;
    let left = u64::try_from(left).ok().filter(|left| *left > 0)?;
    // For always is longer than a timer can be.
    Some(Duration::from_millis(left).min(LONGEST_TIMER))
}

/// Sees to it that the main window can be reached: where there is no tray it is not left hidden. Tells
/// the page when a tray comes or goes.
pub(crate) fn keep_reachable(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let desktop = app.state::<Desktop>();
        let mut presence = desktop.tray().presence();
        loop {
            let tray = *presence.borrow_and_update();
            desktop.told().tell_all(ShellEvent::Tray { tray });
            let changed = match tray {
                true => presence.changed().await,
                false => match timeout(TRAY_PATIENCE, presence.changed()).await {
                    Ok(changed) => changed,
                    Err(_) => {
                        windows::make_reachable(&app);
                        presence.changed().await
                    }
                },
            };
            if changed.is_err() {
                // Nobody puts an icon anywhere any more.
                windows::make_reachable(&app);
                return;
            }
        }
    });
}

/// Does what a second start, or this one, asks for.
pub(crate) fn requested(app: &AppHandle, request: Request) {
    if !request.hidden || request.link.is_some() {
        windows::present_main(app, request.activation_token);
    }
    if let Some(link) = request.link {
        open_link(app, link);
    }
}

/// Shows what a link of the app's own names, once it is known who is signed in.
pub(crate) fn open_link(app: &AppHandle, link: String) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let link = match link.parse::<Target>() {
            Ok(target) => {
                // Behind the lock nobody is in view.
                app.state::<Desktop>().told().until_heard().await;
                let core = app.state::<Shell>().open_account().await;
                target.seen_from(core.as_ref().map(magpie_core::Core::server_url))
            }
            Err(Malformed) => {
                // It may hold anything, so it is not written down.
                tracing::warn!("a link was refused");
                Link::Malformed
            }
        };
        app.state::<Desktop>()
            .told()
            .tell(ShellEvent::Link { link });
    });
}

/// Does what was chosen in the tray.
pub(crate) async fn chosen_in_tray(app: &AppHandle, action: Action, token: Option<String>) {
    let desktop = app.state::<Desktop>();
    let open_settings = |token: Option<String>, section: Option<&str>| {
        windows::present_main(app, token);
        desktop.told().tell(ShellEvent::OpenSettings {
            section: section.map(str::to_owned),
        });
    };
    match action {
        Action::Open => windows::present_main(app, token),
        Action::Account(key) => {
            let shell = app.state::<Shell>();
            if shell.shown().as_deref() == Some(&key) {
                open_settings(token, Some("profile"));
                return;
            }
            windows::present_main(app, token);
            if let Err(failure) = shell.show_account(&key).await {
                tracing::warn!(message = failure.message, "an account cannot be shown");
            }
        }
        Action::Settings => open_settings(token, None),
        Action::Quit => app.exit(0),
        Action::Quiet(pause) => {
            let home = app.state::<Shell>();
            if let Err(error) = home.home().await.set_quiet(pause).await {
                tracing::warn!(%error, "what was chosen in the tray cannot be kept");
            }
        }
    }
}

/// Does what was asked for in a notification.
pub(crate) async fn answered(app: &AppHandle, answer: Answer) {
    let shell = app.state::<Shell>();
    match answer {
        Answer::Open(target, token) => {
            windows::present_main(app, token);
            if let Err(failure) = shell.show_account(&target.account_key).await {
                tracing::warn!(message = failure.message, "an account cannot be shown");
                return;
            }
            let told = app.state::<Desktop>();
            match target.place {
                Place::Conversation(conversation_id) => told.told().tell(ShellEvent::Link {
                    link: Link::Conversation { conversation_id },
                }),
                Place::Requests => told.told().tell(ShellEvent::OpenRequests),
                Place::Chats => {}
            }
        }
        Answer::Reply(target, text) => {
            let Place::Conversation(conversation_id) = target.place else {
                return;
            };
            let Some(core) = shell.account(&target.account_key).await else {
                tracing::warn!("a reply was written for an account that is not open");
                return;
            };
            if let Err(error) = core.send_text(conversation_id, &text).await {
                tracing::warn!(%error, "a reply cannot be sent");
            }
        }
    }
}
