//! How connections are secured: one configuration for HTTP and the socket.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::{CoreError, LocalCode};

/// Reading the system's certificates takes a while, and they do not depend on who asks.
static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();

/// Returns the configuration: the certificates that the system trusts, and Mozilla's for systems
/// that come without. Without ALPN; whoever wants HTTP/2 says so in a copy.
///
/// # Errors
/// [`LocalCode::Internal`] when the provider lacks what TLS needs.
pub(super) fn config() -> Result<Arc<ClientConfig>, CoreError> {
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "a certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    // The provider is named, for without a name it is a setting of the whole process.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| CoreError::local(LocalCode::Internal, error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
