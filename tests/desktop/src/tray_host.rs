//! A desktop's tray, played by the test: the list of icons, and a panel that shows them.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context as _, Result, bail};
use parking_lot::Mutex;
use zbus::{
    Connection, connection, interface,
    message::Header,
    object_server::SignalEmitter,
    proxy,
    proxy::CacheProperties,
    zvariant::{OwnedValue, Value},
};

use crate::until;

const PATH: &str = "/StatusNotifierWatcher";

#[proxy(
    interface = "org.kde.StatusNotifierItem",
    default_path = "/StatusNotifierItem",
    gen_blocking = false
)]
trait Item {
    #[zbus(property)]
    fn title(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn icon_pixmap(&self) -> zbus::Result<Vec<(i32, i32, Vec<u8>)>>;
    #[zbus(property)]
    fn tool_tip(&self) -> zbus::Result<ToolTip>;
}

/// The name of an icon, its pictures, a title and a text.
type ToolTip = (String, Vec<(i32, i32, Vec<u8>)>, String, String);

/// A layout's line: its number, what is said about it, and the lines below it.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

#[proxy(
    interface = "com.canonical.dbusmenu",
    default_path = "/MenuBar",
    gen_blocking = false
)]
trait Menu {
    fn get_layout(&self, parent: i32, depth: i32, names: &[&str]) -> zbus::Result<(u32, Layout)>;
    fn event(&self, id: i32, event: &str, data: Value<'_>, timestamp: u32) -> zbus::Result<()>;
}

struct Watcher(Arc<Mutex<Vec<String>>>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    async fn register_status_notifier_item(
        &self,
        service: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<()> {
        // Some give their name, others a path on their connection.
        let name = match service.starts_with('/') {
            true => header.sender().map(ToString::to_string).unwrap_or_default(),
            false => service.to_owned(),
        };
        self.0.lock().push(name);
        emitter.status_notifier_item_registered(service).await?;
        Ok(())
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    #[zbus(signal)]
    async fn status_notifier_item_registered(
        emitter: &SignalEmitter<'_>,
        service: &str,
    ) -> zbus::Result<()>;
}

/// The tray; it ends when this is dropped.
pub struct TrayHost {
    connection: Connection,
    items: Arc<Mutex<Vec<String>>>,
}

/// The picture in a tray: how many points a row has, and four bytes each, opacity first.
pub type Icon = (i32, Vec<u8>);

impl TrayHost {
    pub(crate) async fn start(bus: &str) -> Result<Self> {
        let items = Arc::<Mutex<Vec<String>>>::default();
        let connection = connection::Builder::address(bus)?
            .serve_at(PATH, Watcher(Arc::clone(&items)))?
            .name("org.kde.StatusNotifierWatcher")?
            .build()
            .await?;
        Ok(Self { connection, items })
    }

    /// Returns the title, the tooltip's text and the largest picture of the icon.
    ///
    /// # Errors
    /// When there is no icon.
    pub async fn icon(&self) -> Result<(String, String, Icon)> {
        let item = ItemProxy::builder(&self.connection)
            .destination(self.item()?)?
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let (side, _, points) = item
            .icon_pixmap()
            .await?
            .into_iter()
            .max_by_key(|(side, _, _)| *side)
            .context("the icon has no picture")?;
        let (_, _, _, tooltip) = item.tool_tip().await?;
        Ok((item.title().await?, tooltip, (side, points)))
    }

    /// Waits until the tooltip is as wanted.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn says(&self, words: &str) -> Result<()> {
        until(&format!("the tray to say {words:?}"), async || {
            let (_, tooltip, _) = self.icon().await?;
            if tooltip == words {
                return Ok(Some(()));
            }
            bail!("it says {tooltip:?}")
        })
        .await
    }

    /// Returns the lines of the menu, with their numbers; those that part groups have no words.
    ///
    /// # Errors
    /// When there is no icon.
    pub async fn menu(&self) -> Result<Vec<(i32, String)>> {
        let (_, (_, _, lines)) = self.menu_of_item().await?.get_layout(0, -1, &[]).await?;
        lines
            .into_iter()
            .map(|line| {
                let (id, about, _) = Layout::try_from(line)?;
                let label = about.get("label").map(|label| label.downcast_ref::<&str>());
                Ok((id, label.transpose()?.unwrap_or_default().to_owned()))
            })
            .collect()
    }

    /// Waits until the menu has these lines, among others.
    ///
    /// # Errors
    /// When it does not get them.
    pub async fn has(&self, lines: &[&str]) -> Result<()> {
        until(&format!("{lines:?} in the tray's menu"), async || {
            let menu = self.menu().await?;
            let has = |line: &&str| menu.iter().any(|(_, words)| words == *line);
            match lines.iter().all(has) {
                true => Ok(Some(())),
                false => bail!("there is {menu:?}"),
            }
        })
        .await
    }

    /// Waits for a line of the menu and chooses it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn choose(&self, words: &str) -> Result<()> {
        let id = until(&format!("{words:?} in the tray's menu"), async || {
            let menu = self.menu().await?;
            match menu.iter().find(|(_, label)| label == words) {
                Some((id, _)) => Ok(Some(*id)),
                None => bail!("there is {menu:?}"),
            }
        })
        .await?;
        let menu = self.menu_of_item().await?;
        match menu.event(id, "clicked", Value::from(0), 0).await {
            // Whoever is asked to quit may be gone before the answer.
            Err(zbus::Error::MethodError(name, ..))
                if name.as_str() == "org.freedesktop.DBus.Error.NoReply" => {}
            answer => answer?,
        }
        Ok(())
    }

    /// Ends, as a panel that crashes or is switched off.
    ///
    /// # Errors
    /// When the bus is gone.
    pub async fn dies(self) -> Result<()> {
        self.connection.close().await.context("the bus is gone")
    }

    async fn menu_of_item(&self) -> Result<MenuProxy<'_>> {
        Ok(MenuProxy::builder(&self.connection)
            .destination(self.item()?)?
            .cache_properties(CacheProperties::No)
            .build()
            .await?)
    }

    fn item(&self) -> Result<String> {
        let items = self.items.lock();
        items
            .last()
            .cloned()
            .context("there is no icon in the tray")
    }
}
