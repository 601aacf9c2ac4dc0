//! The way to the network, through proxies that are really there.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use magpie_core::{
    FailureCode, Home, HomeOptions, LocalCode, SystemClock,
    home::Credentials,
    settings::{Proxy, Settings},
    socket::LinkState,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{client::PATIENCE, fake::Fake};

/// A proxy that leads to a fake server, under whichever name it is asked for.
struct Through {
    address: String,
    /// How many came by `CONNECT` or SOCKS.
    tunnels: Arc<AtomicUsize>,
    /// How many came with a request for the proxy to pass on.
    requests: Arc<AtomicUsize>,
}

/// The name is known to the proxy only.
fn name(fake: &Fake) -> String {
    let port = fake.url.rsplit_once(':').unwrap().1;
    format!("http://chat.behind.invalid:{port}")
}

impl Through {
    async fn start(fake: &Fake, socks: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let through = Self {
            address: listener.local_addr().unwrap().to_string(),
            tunnels: Arc::default(),
            requests: Arc::default(),
        };
        let server = fake.url.trim_start_matches("http://").to_owned();
        let (tunnels, requests) = (through.tunnels.clone(), through.requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, tunnels, requests) =
                    (server.clone(), tunnels.clone(), requests.clone());
                tokio::spawn(async move {
                    if socks {
                        by_socks(stream, &server, &tunnels).await;
                    } else {
                        by_http(stream, &server, &tunnels, &requests).await;
                    }
                });
            }
        });
        through
    }

    fn tunnels(&self) -> usize {
        self.tunnels.load(Ordering::SeqCst)
    }
}

/// RFC 1928, with a user name and password as in RFC 1929 where they are offered.
async fn by_socks(mut stream: TcpStream, server: &str, tunnels: &AtomicUsize) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.unwrap();
    let mut methods = vec![0; usize::from(head[1])];
    stream.read_exact(&mut methods).await.unwrap();
    if methods.contains(&2) {
        stream.write_all(&[5, 2]).await.unwrap();
        let mut head = [0; 2];
        stream.read_exact(&mut head).await.unwrap();
        let mut user = vec![0; usize::from(head[1])];
        stream.read_exact(&mut user).await.unwrap();
        let length = stream.read_u8().await.unwrap();
        let mut password = vec![0; usize::from(length)];
        stream.read_exact(&mut password).await.unwrap();
        let fits = (user.as_slice(), password.as_slice()) == (b"ming", b"p w");
        stream.write_all(&[1, u8::from(!fits)]).await.unwrap();
        if !fits {
            return;
        }
    } else {
        stream.write_all(&[5, 0]).await.unwrap();
    }
    let mut request = [0; 4];
    stream.read_exact(&mut request).await.unwrap();
    assert_eq!(request, [5, 1, 0, 3], "a name, for the proxy to look up");
    let mut name = vec![0; usize::from(stream.read_u8().await.unwrap())];
    stream.read_exact(&mut name).await.unwrap();
    assert_eq!(name, b"chat.behind.invalid");
    stream.read_u16().await.unwrap();
    tunnels.fetch_add(1, Ordering::SeqCst);
    let mut end = TcpStream::connect(server).await.unwrap();
    let granted = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    stream.write_all(&granted).await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut end).await;
}

async fn by_http(
    mut stream: TcpStream,
    server: &str,
    tunnels: &AtomicUsize,
    requests: &AtomicUsize,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let mut end = TcpStream::connect(server).await.unwrap();
    if head.starts_with(b"CONNECT chat.behind.invalid:") {
        tunnels.fetch_add(1, Ordering::SeqCst);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    } else {
        requests.fetch_add(1, Ordering::SeqCst);
        end.write_all(&head).await.unwrap();
    }
    let _ = copy_bidirectional(&mut stream, &mut end).await;
}

struct Place {
    _folder: tempfile::TempDir,
    home: Home,
}

async fn place(proxy: Proxy) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(HomeOptions {
        folder: folder.path().to_owned(),
        keychain_service: "magpie-test".to_owned(),
        keychain: false,
        device_name: "test".to_owned(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap();
    set(&home, proxy).await;
    Place {
        _folder: folder,
        home,
    }
}

async fn set(home: &Home, proxy: Proxy) {
    let settings = Settings {
        proxy,
        ..home.settings()
    };
    home.set_settings(settings).await.unwrap();
}

fn credentials(fake: &Fake) -> Credentials {
    Credentials {
        server_url: name(fake),
        login: "ming".to_owned(),
        password: "correct horse".to_owned(),
    }
}

async fn until_online(core: &magpie_core::Core) {
    let mut events = core.events();
    let waiting = async {
        while core.link() != LinkState::Online {
            events.next().await.unwrap();
        }
    };
    if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
        panic!("not online: {:?}", core.link());
    }
}

#[tokio::test]
async fn http_and_the_socket_go_through_socks() {
    let fake = Fake::start().await;
    let proxy = Through::start(&fake, true).await;
    let address = format!("ming:p%20w@{}", proxy.address);
    let place = place(Proxy::Socks5 { address }).await;
    let core = place.home.sign_in(credentials(&fake)).await.unwrap();
    until_online(&core).await;
    assert!(proxy.tunnels() >= 2, "one for HTTP, one for the socket");
    core.send_text(crate::fake::chat(), "through")
        .await
        .unwrap();
    let mut events = core.events();
    let stored = async {
        while fake.with(|model| model.last_seq()) == 0 {
            events.next().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, stored).await.unwrap();
}

#[tokio::test]
async fn http_and_the_socket_go_through_an_http_proxy() {
    let fake = Fake::start().await;
    let proxy = Through::start(&fake, false).await;
    let address = proxy.address.clone();
    let place = place(Proxy::Http { address }).await;
    let core = place.home.sign_in(credentials(&fake)).await.unwrap();
    until_online(&core).await;
    assert_eq!(proxy.tunnels(), 1, "the socket");
    assert!(proxy.requests.load(Ordering::SeqCst) >= 1, "the rest");
}

#[tokio::test]
async fn another_way_is_gone_at_once_and_one_that_leads_nowhere_is_said() {
    let fake = Fake::start().await;
    let (first, second) = (
        Through::start(&fake, true).await,
        Through::start(&fake, true).await,
    );
    let socks = |address: &str| Proxy::Socks5 {
        address: address.to_owned(),
    };
    let place = place(socks("127.0.0.1:1")).await;
    let refused = place.home.sign_in(credentials(&fake)).await.map(|_| ());
    let code = refused.map_err(|error| error.code());
    assert_eq!(code, Err(FailureCode::Local(LocalCode::ProxyFailed)));
    set(&place.home, socks(&first.address)).await;
    let core = place.home.sign_in(credentials(&fake)).await.unwrap();
    until_online(&core).await;
    assert_eq!(second.tunnels(), 0);
    set(&place.home, socks(&second.address)).await;
    let mut events = core.events();
    let moving = async {
        while second.tunnels() < 2 || core.link() != LinkState::Online {
            events.next().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, moving).await.unwrap();
    set(&place.home, socks("127.0.0.1:1")).await;
    let mut events = core.events();
    let losing = async {
        loop {
            if let LinkState::Offline { reason, .. } = core.link() {
                // The first loss is the one that was asked for.
                if reason == FailureCode::Local(LocalCode::ProxyFailed) {
                    return;
                }
            }
            events.next().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, losing).await.unwrap();
}

#[tokio::test]
async fn a_way_that_is_chosen_while_another_leads_nowhere_is_gone_at_once() {
    let fake = Fake::start().await;
    let (first, second) = (
        Through::start(&fake, true).await,
        Through::start(&fake, true).await,
    );
    // Somebody who takes the call and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socks = |address: &str| Proxy::Socks5 {
        address: address.to_owned(),
    };
    let place = place(socks(&first.address)).await;
    let core = place.home.sign_in(credentials(&fake)).await.unwrap();
    until_online(&core).await;
    set(
        &place.home,
        socks(&silent.local_addr().unwrap().to_string()),
    )
    .await;
    let mut events = core.events();
    while core.link() == LinkState::Online {
        events.next().await.unwrap();
    }
    let held = tokio::time::timeout(PATIENCE, async {
        // Where there is a nearer node is asked first, and not for as long.
        let mut asked = false;
        loop {
            let (stream, _) = silent.accept().await.unwrap();
            if matches!(core.link(), LinkState::Connecting { .. })
                && std::mem::replace(&mut asked, true)
            {
                return stream;
            }
        }
    });
    let _held = held.await.unwrap();
    set(&place.home, socks(&second.address)).await;
    let moving = async {
        while core.link() != LinkState::Online {
            events.next().await.unwrap();
        }
    };
    // Waiting for the silent one to the end would take longer.
    let soon = std::time::Duration::from_secs(10);
    tokio::time::timeout(soon, moving).await.unwrap();
    assert!(second.tunnels() >= 1);
}
