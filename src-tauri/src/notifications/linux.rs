//! The notifications of Linux desktops: `org.freedesktop.Notifications` on the session bus.
//!
//! A daemon that is missing, slow, or dies is no reason for anything but a line in the log: each call
//! has an end, and what a new daemon does not know of is forgotten.

use std::{collections::HashMap, future::Future, time::Duration};

use futures_util::StreamExt as _;
use tauri::AppHandle;
use tokio::{sync::mpsc, time::timeout};
use zbus::{fdo::DBusProxy, proxy, proxy::CacheProperties, zvariant::Value};

use super::{Answer, Order, Target, Worded, answered, portrait::portrait};
use crate::{badge::Names, bus};

/// How long a daemon may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Daemon {
    #[expect(clippy::too_many_arguments, reason = "the desktop's interface")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_replied(&self, id: u32, text: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    fn activation_token(&self, id: u32, token: &str) -> zbus::Result<()>;
}

pub(super) fn start(app: &AppHandle, mut orders: mpsc::UnboundedReceiver<Order>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = keep(&app, &mut orders).await {
            tracing::info!(%error, "there are no notifications");
        }
        // Nobody shows anything any more, and nothing piles up.
        while orders.recv().await.is_some() {}
    });
}

/// What the daemon can do.
#[derive(Debug, Clone, Copy, Default)]
struct Abilities {
    actions: bool,
    markup: bool,
    reply: bool,
}

impl Abilities {
    fn of(names: &[String]) -> Self {
        let has = |name: &str| names.iter().any(|one| one == name);
        Self {
            actions: has("actions"),
            markup: has("body-markup"),
            reply: has("inline-reply"),
        }
    }
}

/// A notification that is on the screen, as far as we know.
struct Shown {
    id: u32,
    target: Target,
    token: Option<String>,
}

/// What is on the screen, by key.
#[derive(Default)]
struct Board(HashMap<String, Shown>);

impl Board {
    fn by_id(&mut self, id: u32) -> Option<&mut Shown> {
        self.0.values_mut().find(|shown| shown.id == id)
    }

    fn closed(&mut self, id: u32) {
        self.0.retain(|_, shown| shown.id != id);
    }
}

async fn keep(app: &AppHandle, orders: &mut mpsc::UnboundedReceiver<Order>) -> zbus::Result<()> {
    let bus = bus::session().await?;
    let daemon = DaemonProxy::builder(&bus)
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let names = DBusProxy::new(&bus).await?;
    let mut owners = names
        .receive_name_owner_changed_with_args(&[(0, "org.freedesktop.Notifications")])
        .await?;
    let mut invoked = daemon.receive_action_invoked().await?;
    let mut closed = daemon.receive_notification_closed().await?;
    let mut replied = daemon.receive_notification_replied().await?;
    let mut tokens = daemon.receive_activation_token().await?;
    let mut abilities = None;
    let mut board = Board::default();
    loop {
        tokio::select! {
            // Signals first and in their order of meaning: a token belongs to the click after it.
            biased;
            owner = owners.next() => {
                let Some(owner) = owner else {
                    return Ok(());
                };
                // One that has just come, perhaps because we called for it, has shown nothing but what
                // it had from us.
                if owner.args().is_ok_and(|owner| owner.old_owner().is_some()) {
                    abilities = None;
                    board = Board::default();
                }
            }
            Some(signal) = tokens.next() => {
                if let Ok(signal) = signal.args()
                    && let Some(shown) = board.by_id(*signal.id())
                {
                    shown.token = Some((*signal.token()).to_owned());
                }
            }
            Some(signal) = invoked.next() => {
                if let Ok(signal) = signal.args()
                    && *signal.action() == "default"
                    && let Some(shown) = board.by_id(*signal.id())
                {
                    answered(app, Answer::Open(shown.target.clone(), shown.token.take()));
                }
            }
            Some(signal) = replied.next() => {
                if let Ok(signal) = signal.args()
                    && let Some(shown) = board.by_id(*signal.id())
                {
                    let text = (*signal.text()).to_owned();
                    answered(app, Answer::Reply(shown.target.clone(), text));
                }
            }
            Some(signal) = closed.next() => {
                if let Ok(signal) = signal.args() {
                    board.closed(*signal.id());
                }
            }
            order = orders.recv() => match order {
                Some(Order::Show(worded)) => show(&daemon, &mut abilities, &mut board, *worded).await,
                Some(Order::Withdraw(key)) => {
                    if let Some(shown) = board.0.remove(&key) {
                        close(&daemon, shown.id).await;
                    }
                }
                Some(Order::WithdrawOf(account_key)) => {
                    let mut ids = Vec::new();
                    board.0.retain(|_, shown| {
                        let stays = shown.target.account_key != account_key;
                        if !stays {
                            ids.push(shown.id);
                        }
                        stays
                    });
                    for id in ids {
                        close(&daemon, id).await;
                    }
                }
                None => return Ok(()),
            }
        }
    }
}

async fn show(
    daemon: &DaemonProxy<'_>,
    abilities: &mut Option<Abilities>,
    board: &mut Board,
    worded: Worded,
) {
    let able = match *abilities {
        Some(able) => able,
        None => {
            let Some(names) = patient(daemon.get_capabilities()).await else {
                return;
            };
            *abilities.insert(Abilities::of(&names))
        }
    };
    let replaced = board.0.get(&worded.key).map_or(0, |shown| shown.id);
    let body = match able.markup {
        true => escaped(&worded.body),
        false => worded.body,
    };
    let mut actions = Vec::new();
    if able.actions {
        actions.extend(["default", ""]);
    }
    let names = Names::here();
    let mut hints = HashMap::from([
        ("desktop-entry", Value::from(names.entry)),
        ("category", Value::from("im.received")),
        ("urgency", Value::from(1_u8)),
    ]);
    hints.extend(match worded.sound {
        true => [("sound-name", Value::from("message-new-instant"))],
        false => [("suppress-sound", Value::from(true))],
    });
    if let Some(image) = worded.avatar.as_ref().and_then(portrait) {
        hints.insert("image-data", image);
    }
    if let Some(word) = worded.reply.as_deref().filter(|_| able.reply) {
        actions.extend(["inline-reply", word]);
        hints.insert("x-kde-reply-placeholder-text", Value::from(word));
    }
    let call = daemon.notify(
        "Magpie",
        replaced,
        &names.icon,
        &worded.title,
        &body,
        &actions,
        hints,
        -1,
    );
    match patient(call).await {
        Some(id) => {
            let shown = Shown {
                id,
                target: worded.target,
                token: None,
            };
            board.0.insert(worded.key, shown);
        }
        None => {
            board.0.remove(&worded.key);
        }
    }
}

async fn close(daemon: &DaemonProxy<'_>, id: u32) {
    patient(daemon.close_notification(id)).await;
}

/// Waits for an answer, but not for ever.
async fn patient<T>(call: impl Future<Output = zbus::Result<T>>) -> Option<T> {
    match timeout(PATIENCE, call).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the notification daemon refused");
            None
        }
        Err(_) => {
            tracing::debug!("the notification daemon does not answer");
            None
        }
    }
}

/// Returns a text as markup that shows just it.
fn escaped(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '"' => markup.push_str("&quot;"),
            '\'' => markup.push_str("&#39;"),
            sign => markup.push(sign),
        }
    }
    markup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_markup() {
        assert_eq!(
            escaped(r#"<b>Tom & 'Jerry'</b> "hi""#),
            "&lt;b&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt; &quot;hi&quot;"
        );
    }

    #[test]
    fn abilities_are_read() {
        let names = ["actions", "body", "inline-reply"].map(str::to_owned);
        let able = Abilities::of(&names);
        assert!(able.actions && able.reply && !able.markup);
    }
}
