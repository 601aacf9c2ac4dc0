//! The addresses that a server listens on: free, or a server's already.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use magpie_protocol::{
    routes::{HEALTH_LIVE, HEALTH_READY, SERVER},
    server::{PRODUCT, ServerInfo},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::report::Report;
use crate::config::Config;

const PART: &str = "port";

/// How long whoever listens there may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is read of an answer.
const ANSWER_BYTES: u64 = 64 * 1024;

pub(super) async fn look(config: &Config, report: &mut Report) {
    let listen = config.listen;
    if let Err(error) = probe(listen).await {
        match (error.kind(), server(listen).await) {
            (io::ErrorKind::AddrInUse, Some(info)) => report.ok(
                PART,
                format!(
                    "{listen} is used by the server {:?}, version {}",
                    info.name, info.version
                ),
            ),
            _ => refused(listen, "listen", &error, report),
        }
    } else {
        report.ok(PART, format!("{listen} is free"));
    }
    let Some(metrics) = config.metrics else {
        return;
    };
    if metrics == listen && metrics.port() != 0 {
        report.problem(
            PART,
            format!("{metrics} is wanted for people and for figures"),
            "give `metrics` a port of its own",
        );
    } else if let Err(error) = probe(metrics).await {
        match (error.kind(), get(metrics, HEALTH_LIVE).await) {
            (io::ErrorKind::AddrInUse, Some(_)) => {
                report.ok(
                    PART,
                    format!("{metrics} is used by a server for its figures"),
                );
            }
            _ => refused(metrics, "metrics", &error, report),
        }
    } else {
        report.ok(PART, format!("{metrics} is free"));
    }
}

async fn probe(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).await.map(drop)
}

fn refused(address: SocketAddr, setting: &str, error: &io::Error, report: &mut Report) {
    let (words, help) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            format!("another program listens on {address}"),
            format!("stop it (`ss -ltnp` names it), or give `{setting}` another port"),
        ),
        io::ErrorKind::PermissionDenied => (
            format!("this user may not listen on {address}"),
            format!("give `{setting}` a port from 1024 on, and put a proxy in front of it"),
        ),
        io::ErrorKind::AddrNotAvailable => (
            format!("{} is not an address of this machine", address.ip()),
            format!("give `{setting}` one that is, or 0.0.0.0 for all"),
        ),
        _ => (
            format!("cannot listen on {address}: {error}"),
            format!("give `{setting}` another address"),
        ),
    };
    report.problem(PART, words, help);
}

/// Tells whether a server listens there that is ready for requests.
pub(crate) async fn is_ready(address: SocketAddr) -> bool {
    get(address, HEALTH_READY).await.is_some()
}

/// Asks whoever listens there whether it is a server of ours.
async fn server(address: SocketAddr) -> Option<ServerInfo> {
    let body = get(address, SERVER).await?;
    let info: ServerInfo = serde_json::from_str(&body).ok()?;
    (info.product == PRODUCT).then_some(info)
}

/// Returns the body of a successful answer.
async fn get(address: SocketAddr, path: &str) -> Option<String> {
    let address = SocketAddr::new(reachable(address.ip()), address.port());
    let asking = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream
            .take(ANSWER_BYTES)
            .read_to_string(&mut answer)
            .await
            .ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
    };
    timeout(PATIENCE, asking).await.ok()?
}

/// Where a program that listens on all addresses is reached from here.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
