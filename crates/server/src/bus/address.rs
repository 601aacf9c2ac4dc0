//! Where the bus between the nodes is.

use std::{fmt, str::FromStr};

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, RedisConnectionInfo,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The address of a Redis or Valkey server, or of some of the servers of a cluster: URLs with commas
/// between them, `redis://[user:password@]host[:port]`, with `rediss` for TLS and `valkey` or
/// `valkeys` for the same. What follows the first URL may be a plain `host[:port]`; it then takes
/// everything else from the first.
///
/// It may hold a password, so it does not show itself in debug output.
#[derive(Clone)]
pub struct BusAddress {
    text: String,
    seeds: Vec<ConnectionInfo>,
}

/// The text is not the address of a bus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a Redis or Valkey server, such as redis://host:6379: {0}")]
pub struct InvalidBusAddress(String);

impl BusAddress {
    /// Returns how each server that was named is reached.
    pub(crate) fn seeds(&self) -> &[ConnectionInfo] {
        &self.seeds
    }

    /// Tells whether TLS is spoken.
    pub(super) fn has_tls(&self) -> bool {
        let is_tls = |seed: &ConnectionInfo| matches!(seed.addr(), ConnectionAddr::TcpTls { .. });
        self.seeds.iter().any(is_tls)
    }

    /// Returns the servers' hosts and ports, without what is secret.
    #[must_use]
    pub fn hosts(&self) -> String {
        let hosts: Vec<String> = self
            .seeds
            .iter()
            .map(|seed| seed.addr().to_string())
            .collect();
        hosts.join(",")
    }
}

impl FromStr for BusAddress {
    type Err = InvalidBusAddress;

    fn from_str(text: &str) -> Result<Self, InvalidBusAddress> {
        let mut parts = text.split(',').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let (scheme, rest) = first
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "redis" | "rediss" | "valkey" | "valkeys"))
            .ok_or_else(|| InvalidBusAddress("it begins with redis:// or rediss://".into()))?;
        let identity = rest.rsplit_once('@').map(|(identity, _)| identity);
        let mut seeds = vec![seed(first)?];
        for part in parts {
            seeds.push(match (part.contains("://"), identity) {
                (true, _) => seed(part)?,
                (false, None) => seed(&format!("{scheme}://{part}"))?,
                (false, Some(identity)) => seed(&format!("{scheme}://{identity}@{part}"))?,
            });
        }
        Ok(Self {
            text: text.to_owned(),
            seeds,
        })
    }
}

fn seed(url: &str) -> Result<ConnectionInfo, InvalidBusAddress> {
    // The error's text may repeat the URL, and with it a password.
    let info = url
        .into_connection_info()
        .map_err(|error| InvalidBusAddress(format!("{:?}", error.kind())))?;
    if info.redis_settings().db() != 0 {
        let why = "publishing knows no databases; leave the number out";
        return Err(InvalidBusAddress(why.into()));
    }
    let mut settings = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
    if let Some(name) = info.redis_settings().username() {
        settings = settings.set_username(name);
    }
    if let Some(password) = info.redis_settings().password() {
        settings = settings.set_password(password);
    }
    Ok(info.set_redis_settings(settings))
}

impl fmt::Debug for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BusAddress({})", self.hosts())
    }
}

impl PartialEq for BusAddress {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for BusAddress {}

impl Serialize for BusAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for BusAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_or_several() {
        let hosts = |text: &str| text.parse::<BusAddress>().unwrap().hosts();
        assert_eq!(hosts("redis://bus"), "bus:6379");
        assert_eq!(hosts("valkey://bus:7000"), "bus:7000");
        assert_eq!(
            hosts("rediss://:secret@a:1, b:2 ,rediss://c"),
            "a:1,b:2,c:6379"
        );
        let address: BusAddress = "redis://me:secret@a:1,b:2".parse().unwrap();
        let passwords = address.seeds().iter().map(|seed| seed.redis_settings());
        assert!(passwords.clone().all(|it| it.password() == Some("secret")));
        assert!(passwords.clone().all(|it| it.username() == Some("me")));
        assert!(!format!("{address:?}").contains("secret"));
    }

    #[test]
    fn mistakes_are_named_without_the_password() {
        for bad in [
            "",
            "bus",
            "bus:6379",
            "http://bus",
            "redis://",
            "redis://:secret@bus:port",
            "redis://:secret@bus/3",
        ] {
            let error = bad.parse::<BusAddress>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
