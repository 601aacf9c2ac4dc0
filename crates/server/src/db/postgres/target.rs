//! Which server, and how it is talked to: what the URL says.

use std::{fmt, sync::Arc, time::Duration};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::address::InvalidDatabaseAddress;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// How long what was sent may stay without an answer of the other machine.
const UNANSWERED: Duration = Duration::from_secs(10);

/// After how much silence it is asked whether the other machine is there.
const SILENCE: Duration = Duration::from_secs(20);

/// What stands for itself in any part of a URL.
const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A PostgreSQL database and how it is reached.
#[derive(Clone)]
pub(crate) struct Target {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    check: Check,
}

/// Whom the encryption is with.
#[derive(Clone)]
enum Check {
    /// Whoever answers.
    Nobody,
    /// The host, by the certificates that the system believes.
    BySystem,
    /// The host, by the certificates in a file. Spelled as the URL spells it.
    ByFile(String),
}

impl Target {
    /// Reads a URL as PostgreSQL's own tools take it. `sslmode` is `disable`, `prefer` (the
    /// default: encrypted where the server can), `require` (encrypted, whoever answers) or
    /// `verify-full` (encrypted, and the certificate is the host's; `verify-ca`, which would not look
    /// at the host, is taken as the same); `sslrootcert` names a file of certificates to believe in
    /// place of the system's (`system`, and the default).
    ///
    /// # Errors
    /// When it cannot be read. The text repeats nothing of the URL.
    pub(crate) fn read(url: &str) -> Result<Self, InvalidDatabaseAddress> {
        let invalid = |what: &str| InvalidDatabaseAddress(what.to_owned());
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots) = ("prefer", None);
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = value,
                Some(("sslrootcert", "system")) => roots = None,
                Some(("sslrootcert", value)) => roots = Some(value),
                _ => others.push(pair),
            }
        }
        // What the library says may repeat a part of the URL.
        let mut config: Config = format!("{place}?{}", others.join("&"))
            .parse()
            .map_err(|_| invalid("the URL cannot be read"))?;
        if config.get_hosts().is_empty() {
            return Err(invalid("it names no host"));
        }
        config.ssl_mode(match mode {
            "disable" => SslMode::Disable,
            "prefer" | "allow" => SslMode::Prefer,
            "require" | "verify-ca" | "verify-full" => SslMode::Require,
            _ => {
                return Err(invalid(
                    "sslmode is disable, prefer, require or verify-full",
                ));
            }
        });
        config
            .connect_timeout(CONNECT)
            .tcp_user_timeout(UNANSWERED)
            .keepalives_idle(SILENCE)
            .application_name("magpie-server");
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let (check, tls) = match (mode.starts_with("verify-"), roots) {
            (false, _) => (Check::Nobody, unchecking().map_err(Into::into)),
            (true, None) => (Check::BySystem, checking(None)),
            (true, Some(roots)) => (Check::ByFile(roots.to_owned()), checking(Some(roots))),
        };
        let tls = tls.map_err(|error| InvalidDatabaseAddress(error.to_string()))?;
        Ok(Self {
            config,
            tls: MakeRustlsConnect::new(tls),
            check,
        })
    }

    /// Returns a URL for PostgreSQL's own tools, which leads to the same database in the same way.
    /// It holds no password.
    pub(crate) fn url(&self) -> String {
        let plain = |text: &str| utf8_percent_encode(text, &PLAIN).to_string();
        let user = self.config.get_user().map(|user| plain(user) + "@");
        let hosts: Vec<String> = self
            .hosts()
            .map(|(host, port)| match host {
                // Between brackets, as colons are in it.
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{}:{port}", plain(name)),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{port}", plain(&path.to_string_lossy())),
            })
            .collect();
        // They prefer encryption too where nothing is said.
        let query = match (self.config.get_ssl_mode(), &self.check) {
            (SslMode::Disable, _) => "?sslmode=disable".to_owned(),
            (SslMode::Require, Check::Nobody) => "?sslmode=require".to_owned(),
            (SslMode::Require, Check::BySystem) => {
                "?sslmode=verify-full&sslrootcert=system".to_owned()
            }
            (SslMode::Require, Check::ByFile(roots)) => {
                format!("?sslmode=verify-full&sslrootcert={roots}")
            }
            _ => String::new(),
        };
        format!(
            "postgres://{}{}/{}{query}",
            user.unwrap_or_default(),
            hosts.join(","),
            plain(self.config.get_dbname().unwrap_or_default())
        )
    }

    /// Returns each host and its port.
    fn hosts(&self) -> impl Iterator<Item = (&Host, u16)> {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate();
        hosts.map(move |(place, host)| {
            let port = ports.get(place).or(ports.first()).copied();
            (host, port.unwrap_or(5432))
        })
    }

    /// Connects, for a look from outside; the connection ends with the client.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) async fn connect(&self) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "db.connection_ended");
            }
        });
        Ok(client)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(out, "{user}@")?;
        }
        for (place, (host, port)) in self.hosts().enumerate() {
            if place > 0 {
                write!(out, ",")?;
            }
            match host {
                Host::Tcp(name) => write!(out, "{name}")?,
                #[cfg(unix)]
                Host::Unix(path) => write!(out, "{}", path.display())?,
            }
            write!(out, ":{port}")?;
        }
        write!(out, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

fn checking(roots: Option<&str>) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(path) => {
            let path = percent_encoding::percent_decode_str(path).decode_utf8()?;
            for certificate in CertificateDer::pem_file_iter(&*path)? {
                store.add(certificate?)?;
            }
        }
        None => {
            let system = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(system.certs);
        }
    }
    if store.is_empty() {
        return Err("there is no certificate to check the server's with".into());
    }
    Ok(builder()?
        .with_root_certificates(store)
        .with_no_client_auth())
}

fn unchecking() -> Result<ClientConfig, TlsError> {
    let anybody = Arc::new(Anybody(ring::default_provider()));
    Ok(builder()?
        .dangerous()
        .with_custom_certificate_verifier(anybody)
        .with_no_client_auth())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
}

/// Takes any certificate, as `sslmode=require` says. The connection is encrypted, and whoever is
/// passive on the way reads nothing.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
