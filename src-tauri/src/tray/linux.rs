//! The tray of Linux desktops: a StatusNotifierItem on the session bus.

use std::path::Path;

use futures_util::StreamExt as _;
use ksni::{Category, Icon, MenuItem, OfflineReason, Status, ToolTip, TrayMethods as _, menu};
use tauri::AppHandle;
use tokio::sync::{mpsc, watch};
use zbus::{fdo::DBusProxy, proxy, proxy::CacheProperties};

use super::{Action, Entry, Model, chosen, picture};
use crate::bus;

/// The sizes that hosts show; they choose the one that fits.
const SIDES: [u32; 5] = [16, 22, 32, 44, 64];

/// Who keeps the list of icons, and knows whether anybody shows them.
#[proxy(
    interface = "org.kde.StatusNotifierWatcher",
    default_service = "org.kde.StatusNotifierWatcher",
    default_path = "/StatusNotifierWatcher",
    gen_blocking = false
)]
trait Watcher {
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> zbus::Result<bool>;

    #[zbus(signal)]
    fn status_notifier_host_registered(&self) -> zbus::Result<()>;

    #[zbus(signal)]
    fn status_notifier_host_unregistered(&self) -> zbus::Result<()>;
}

pub(super) fn start(app: &AppHandle, model: watch::Receiver<Model>, seen: watch::Sender<bool>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = keep(&app, model, &seen).await {
            tracing::info!(%error, "there is no tray");
        }
        seen.send_replace(false);
    });
}

/// Shows the icon whenever there is a host for it. Ends when the bus does.
async fn keep(
    app: &AppHandle,
    mut model: watch::Receiver<Model>,
    seen: &watch::Sender<bool>,
) -> zbus::Result<()> {
    let bus = bus::session().await?;
    let watcher = WatcherProxy::builder(&bus)
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let names = DBusProxy::new(&bus).await?;
    // Listened to before anything is asked, so that nothing is missed in between.
    let mut owners = names
        .receive_name_owner_changed_with_args(&[(0, "org.kde.StatusNotifierWatcher")])
        .await?;
    let mut come = watcher.receive_status_notifier_host_registered().await?;
    let mut gone = watcher.receive_status_notifier_host_unregistered().await?;
    let mut shown: Option<Shown> = None;
    loop {
        let host = watcher
            .is_status_notifier_host_registered()
            .await
            .unwrap_or(false);
        match (host, shown.take()) {
            (true, Some(icon)) if !icon.handle.is_closed() => shown = Some(icon),
            (true, _) => {
                let now = model.borrow_and_update().clone();
                shown = Shown::new(app, now).await;
            }
            (false, Some(icon)) => icon.handle.shutdown().await,
            (false, None) => {}
        }
        seen.send_if_modified(|seen| std::mem::replace(seen, shown.is_some()) != shown.is_some());
        loop {
            let offline = async {
                match &mut shown {
                    Some(icon) => icon.offline.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = owners.next() => match changed {
                    Some(_) => break,
                    None => return Ok(()),
                },
                _ = come.next() => break,
                _ = gone.next() => break,
                _ = offline => break,
                changed = model.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let now = model.borrow_and_update().clone();
                    if let Some(icon) = &shown {
                        icon.handle.update(|item| item.model = now).await;
                    }
                }
            }
        }
    }
}

/// The icon where it can be seen.
struct Shown {
    handle: ksni::Handle<Item>,
    offline: mpsc::UnboundedReceiver<()>,
}

impl Shown {
    async fn new(app: &AppHandle, model: Model) -> Option<Self> {
        let (said, offline) = mpsc::unbounded_channel();
        let item = Item {
            app: app.clone(),
            model,
            said,
        };
        // The name that the icon goes by holds our number, which in a sandbox other apps have too.
        let sandboxed = Path::new("/.flatpak-info").exists();
        match item.disable_dbus_name(sandboxed).spawn().await {
            Ok(handle) => Some(Self { handle, offline }),
            Err(error) => {
                tracing::warn!(%error, "the tray did not take the icon");
                None
            }
        }
    }
}

struct Item {
    app: AppHandle,
    model: Model,
    said: mpsc::UnboundedSender<()>,
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "chat.magpie.desktop".to_owned()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn title(&self) -> String {
        self.model.title()
    }

    fn status(&self) -> Status {
        // Some desktops hide what is passive.
        Status::Active
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        SIDES
            .into_iter()
            .map(|side| {
                let icon = picture::icon(side, self.model.unread, self.model.quiet);
                let side = i32::try_from(icon.side).unwrap_or_default();
                Icon {
                    width: side,
                    height: side,
                    data: icon.argb(),
                }
            })
            .collect()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: self.model.title(),
            description: self.model.tooltip(),
            ..ToolTip::default()
        }
    }

    /// Not every host says that the icon was clicked; the menu has the same on top.
    fn activate(&mut self, _x: i32, _y: i32) {
        chosen(
            &self.app,
            Action::Open,
            ksni::current_xdg_activation_token(),
        );
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let entries = self.model.menu().into_iter();
        entries
            .map(|entry| match entry {
                Entry::Line => MenuItem::Separator,
                Entry::Action { action, label } => menu::StandardItem {
                    // One underscore would mark a key.
                    label: label.replace('_', "__"),
                    activate: Box::new(move |item: &mut Self| {
                        let token = ksni::current_xdg_activation_token();
                        chosen(&item.app, action.clone(), token);
                    }),
                    ..menu::StandardItem::default()
                }
                .into(),
            })
            .collect()
    }

    fn watcher_offline(&self, _reason: OfflineReason) -> bool {
        // It fails when nobody waits for it any more.
        let _ = self.said.send(());
        false
    }
}
