//! What the system says about power and the network, so that the link is tried at once instead of
//! when the waiting between two tries is over.
//!
//! On Linux that is logind (waking up) and NetworkManager (a connection that is there again), over the
//! system bus. Elsewhere the core notices by the link itself.

use futures_util::StreamExt as _;
use tauri::{AppHandle, Manager as _};
use zbus::{Connection, proxy, proxy::CacheProperties};

use crate::shell::Shell;

/// NetworkManager's word for a connection that reaches further than this computer.
const CONNECTED_LOCALLY: u32 = 50;

#[proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1",
    gen_blocking = false
)]
trait Logind {
    #[zbus(signal)]
    fn prepare_for_sleep(&self, start: bool) -> zbus::Result<()>;
}

#[proxy(
    interface = "org.freedesktop.NetworkManager",
    default_service = "org.freedesktop.NetworkManager",
    default_path = "/org/freedesktop/NetworkManager",
    gen_blocking = false
)]
trait NetworkManager {
    #[zbus(signal)]
    fn state_changed(&self, state: u32) -> zbus::Result<()>;
}

/// Begins to listen.
pub(crate) fn listen(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = keep(&app).await {
            tracing::info!(%error, "the system does not say when it wakes up or has a network");
        }
    });
}

async fn keep(app: &AppHandle) -> zbus::Result<()> {
    let bus = Connection::system().await?;
    let logind = LogindProxy::builder(&bus)
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let network = NetworkManagerProxy::builder(&bus)
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let mut sleeps = logind.receive_prepare_for_sleep().await?;
    let mut states = network.receive_state_changed().await?;
    loop {
        let reconnect = tokio::select! {
            signal = sleeps.next() => match signal {
                // It says both: that the computer is about to sleep, and that it has woken up.
                Some(signal) => signal.args().is_ok_and(|signal| !signal.start),
                None => return Ok(()),
            },
            signal = states.next() => match signal {
                Some(signal) => signal
                    .args()
                    .is_ok_and(|signal| signal.state >= CONNECTED_LOCALLY),
                None => return Ok(()),
            },
        };
        if reconnect {
            tracing::info!("the computer woke up or has a network again");
            app.state::<Shell>().reconnect().await;
        }
    }
}
