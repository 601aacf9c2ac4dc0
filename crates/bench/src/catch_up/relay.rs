//! A wire that counts.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Passes on all that comes to it, both ways.
pub(super) struct Relay {
    address: SocketAddr,
    down: Arc<AtomicU64>,
}

impl Relay {
    /// Starts one in front of a server.
    ///
    /// # Errors
    /// When it cannot listen.
    pub(super) async fn start(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let down = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&down);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, server, Arc::clone(&counted)));
            }
        });
        Ok(Self { address, down })
    }

    /// Returns where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many bytes have come from the server so far.
    pub(super) fn down(&self) -> u64 {
        self.down.load(Ordering::Relaxed)
    }
}

async fn pass(near: TcpStream, server: SocketAddr, counted: Arc<AtomicU64>) -> Result<()> {
    let far = TcpStream::connect(server).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let up = async {
        tokio::io::copy(&mut near_in, &mut far_out).await?;
        far_out.shutdown().await
    };
    let down = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = far_in.read(&mut buffer).await?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
                return near_out.shutdown().await;
            };
            near_out.write_all(part).await?;
            counted.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        }
    };
    tokio::try_join!(up, down)?;
    Ok(())
}
