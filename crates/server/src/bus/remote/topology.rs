//! Which server of a cluster has which channel and key.

use redis::{ConnectionAddr, ConnectionInfo, Value, from_redis_value};

const SLOTS: u16 = 16_384;

/// Where each slot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Topology {
    /// One server has everything.
    Single,
    /// By slot, the number of the server.
    Cluster(Vec<u16>),
}

impl Topology {
    /// Returns the number of the server that has a channel or key.
    pub(super) fn place(&self, name: &str) -> usize {
        match self {
            Self::Single => 0,
            Self::Cluster(slots) => slots
                .get(usize::from(slot(name)))
                .map_or(0, |server| usize::from(*server)),
        }
    }
}

/// Reads the answer to `CLUSTER SLOTS`: the topology, and how its servers are reached, given how the
/// one that was asked is. `None` where the answer has another shape or slots are missing, as they are
/// while the cluster is being set up or has lost a server.
pub(super) fn read(
    answer: &Value,
    asked: &ConnectionInfo,
) -> Option<(Topology, Vec<ConnectionInfo>)> {
    let Value::Array(ranges) = answer else {
        return None;
    };
    let mut slots = vec![u16::MAX; usize::from(SLOTS)];
    let mut addresses: Vec<ConnectionAddr> = Vec::new();
    for range in ranges {
        let Value::Array(fields) = range else {
            return None;
        };
        let [first, last, master, ..] = fields.as_slice() else {
            return None;
        };
        let first: usize = from_redis_value(first.clone()).ok()?;
        let last: usize = from_redis_value(last.clone()).ok()?;
        let address = address(master, asked.addr())?;
        let known = addresses.iter().position(|other| *other == address);
        let server = known.unwrap_or_else(|| {
            addresses.push(address);
            addresses.len() - 1
        });
        let server = u16::try_from(server).ok()?;
        slots.get_mut(first..=last)?.fill(server);
    }
    if slots.contains(&u16::MAX) {
        return None;
    }
    let reach = |address| asked.clone().set_addr(address);
    Some((
        Topology::Cluster(slots),
        addresses.into_iter().map(reach).collect(),
    ))
}

/// Reads a server's host and port. Where it does not know its own host, it is the one that was asked.
fn address(server: &Value, asked: &ConnectionAddr) -> Option<ConnectionAddr> {
    let Value::Array(fields) = server else {
        return None;
    };
    let [host, port, ..] = fields.as_slice() else {
        return None;
    };
    let host: Option<String> = from_redis_value(host.clone()).ok()?;
    let host = host.filter(|host| !host.is_empty() && host != "?");
    let port: u16 = from_redis_value(port.clone()).ok()?;
    match asked {
        ConnectionAddr::Tcp(asked, _) => Some(ConnectionAddr::Tcp(
            host.unwrap_or_else(|| asked.clone()),
            port,
        )),
        ConnectionAddr::TcpTls {
            host: asked,
            insecure,
            tls_params,
            ..
        } => Some(ConnectionAddr::TcpTls {
            host: host.unwrap_or_else(|| asked.clone()),
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        }),
        _ => None,
    }
}

/// Returns the slot of a name: of what stands in braces, where something does.
fn slot(name: &str) -> u16 {
    let tag = name
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(tag, _)| tag)
        .filter(|tag| !tag.is_empty());
    crc16(tag.unwrap_or(name).as_bytes()) % SLOTS
}

/// CRC-16/XMODEM, as the specification of Redis Cluster says.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use redis::IntoConnectionInfo as _;

    use super::*;

    fn server(host: Option<&str>, port: i64) -> Value {
        let host = host.map_or(Value::Nil, |host| Value::BulkString(host.into()));
        Value::Array(vec![host, Value::Int(port), Value::BulkString("id".into())])
    }

    fn range(first: i64, last: i64, master: Value) -> Value {
        Value::Array(vec![
            Value::Int(first),
            Value::Int(last),
            master,
            server(Some("replica"), 1),
        ])
    }

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(slot("foo"), 12_182);
        assert_eq!(slot("magpie:{user:17}"), slot("user:17"));
        assert_eq!(slot("a{}b"), crc16(b"a{}b") % SLOTS);
    }

    #[test]
    fn each_name_has_its_server() {
        let asked = "redis://:secret@seed:7000".into_connection_info().unwrap();
        let answer = Value::Array(vec![
            range(0, 99, server(Some("a"), 1)),
            range(100, 12_000, server(None, 2)),
            range(12_001, 16_383, server(Some("a"), 1)),
        ]);
        let (topology, servers) = read(&answer, &asked).unwrap();
        let hosts: Vec<_> = servers.iter().map(|it| it.addr().to_string()).collect();
        assert_eq!(hosts, ["a:1", "seed:2"]);
        assert!(
            servers
                .iter()
                .all(|it| it.redis_settings().password() == Some("secret"))
        );
        assert_eq!(topology.place("foo"), 0);
        let Topology::Cluster(slots) = topology else {
            panic!("a cluster")
        };
        assert_eq!((slots[99], slots[100], slots[12_001]), (0, 1, 0));
        assert_eq!(Topology::Single.place("foo"), 0);
    }

    #[test]
    fn a_cluster_with_missing_slots_is_none() {
        let asked = "redis://seed".into_connection_info().unwrap();
        for answer in [
            Value::Array(vec![]),
            Value::Array(vec![range(0, 16_382, server(Some("a"), 1))]),
            Value::Array(vec![range(0, 16_384, server(Some("a"), 1))]),
            Value::Okay,
        ] {
            assert!(read(&answer, &asked).is_none());
        }
    }
}
