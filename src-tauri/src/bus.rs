//! The connection to the desktop's session bus, one for all that speak over it.

use tokio::sync::OnceCell;
use zbus::Connection;

static SESSION: OnceCell<Connection> = OnceCell::const_new();

/// Returns the connection. Where there is no bus it fails, at once and each time.
pub(crate) async fn session() -> zbus::Result<Connection> {
    SESSION.get_or_try_init(Connection::session).await.cloned()
}
