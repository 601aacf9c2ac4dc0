//! A wire that carries bytes without understanding them: between a node and its database, or its
//! bus.

use std::{net::SocketAddr, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// What a pipe does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    Refusing,
    Stalled,
}

/// A proxy in front of one address. It ends, and cuts, when the last handle is dropped.
#[derive(Clone)]
pub struct Pipe {
    address: SocketAddr,
    shared: Arc<Shared>,
    _listener: Arc<AbortOnDropHandle<()>>,
}

struct Shared {
    target: SocketAddr,
    mode: watch::Sender<Mode>,
    /// Cancelled by the next cut; connections made later get another.
    alive: Mutex<CancellationToken>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.alive.lock().cancel();
    }
}

impl Pipe {
    /// Opens a pipe to `target` on a free port of the loopback address.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target,
            mode: watch::Sender::new(Mode::Open),
            alive: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            _listener: Arc::new(AbortOnDropHandle::new(accepting)),
        }
    }

    /// Returns where the pipe begins.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection, now. New ones are welcome.
    pub fn cut(&self) {
        std::mem::take(&mut *self.shared.alive.lock()).cancel();
    }

    /// Cuts every connection and drops each new one at once, until [`Pipe::open`].
    pub fn refuse(&self) {
        self.shared.mode.send_replace(Mode::Refusing);
        self.cut();
    }

    /// Lets connections stand but nothing through, until [`Pipe::open`]: what was written meanwhile
    /// arrives then, late.
    pub fn stall(&self) {
        self.shared.mode.send_replace(Mode::Stalled);
    }

    /// Lets everything through again.
    pub fn open(&self) {
        self.shared.mode.send_replace(Mode::Open);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        // A failed accept is the kernel's answer to a client that has gone already.
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        let alive = shared.alive.lock().clone();
        if *shared.mode.borrow() == Mode::Refusing {
            continue;
        }
        let (target, mode) = (shared.target, shared.mode.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                () = alive.cancelled() => {}
                _ = relay(client, target, mode) => {}
            }
        });
    }
}

async fn relay(
    mut client: TcpStream,
    target: SocketAddr,
    mut mode: watch::Receiver<Mode>,
) -> std::io::Result<()> {
    until_flowing(&mut mode).await;
    let mut server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::select! {
        ended = pump(from_client, to_server, mode.clone()) => ended,
        ended = pump(from_server, to_client, mode) => ended,
    }
}

async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut mode: watch::Receiver<Mode>,
) -> std::io::Result<()> {
    let mut data = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut data).await?;
        if read == 0 {
            return Ok(());
        }
        until_flowing(&mut mode).await;
        to.write_all(&data[..read]).await?;
    }
}

async fn until_flowing(mode: &mut watch::Receiver<Mode>) {
    // It fails when the pipe is gone, and the connection is cut then.
    let _ = mode.wait_for(|mode| *mode != Mode::Stalled).await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// A server that says back what it hears.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn says(stream: &mut TcpStream, text: &str) -> std::io::Result<String> {
        stream.write_all(text.as_bytes()).await?;
        let mut heard = vec![0; text.len()];
        stream.read_exact(&mut heard).await?;
        Ok(String::from_utf8(heard).unwrap())
    }

    #[tokio::test]
    async fn a_pipe_can_stall_and_what_was_said_arrives_late() {
        let pipe = Pipe::to(echo().await).await;
        let mut stream = TcpStream::connect(pipe.address()).await.unwrap();
        assert_eq!(says(&mut stream, "one").await.unwrap(), "one");
        pipe.stall();
        let stalled = timeout(Duration::from_millis(200), says(&mut stream, "two")).await;
        assert!(stalled.is_err(), "no answer, and no end");
        pipe.open();
        let mut late = [0; 3];
        stream.read_exact(&mut late).await.unwrap();
        assert_eq!(&late, b"two");
    }

    #[tokio::test]
    async fn a_pipe_can_cut_and_refuse() {
        let pipe = Pipe::to(echo().await).await;
        let mut stream = TcpStream::connect(pipe.address()).await.unwrap();
        assert_eq!(says(&mut stream, "one").await.unwrap(), "one");
        pipe.refuse();
        assert!(says(&mut stream, "two").await.is_err());
        let mut again = TcpStream::connect(pipe.address()).await.unwrap();
        assert!(says(&mut again, "two").await.is_err());
        pipe.open();
        let mut again = TcpStream::connect(pipe.address()).await.unwrap();
        assert_eq!(says(&mut again, "two").await.unwrap(), "two");
        pipe.cut();
        assert!(says(&mut again, "three").await.is_err());
    }
}
