//! A line to a PostgreSQL that breaks at the worst moment.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

/// Everything passes.
const WHOLE: u8 = 0;
/// The next commit is taken to the server, and its answer to nobody.
const TRAP: u8 = 1;
/// Nothing passes.
const CUT: u8 = 2;

/// Bytes that stand in a commit and nowhere else.
const COMMIT: &[u8] = b"COMMIT\0";

/// The line. It carries as long as the test runs.
pub(super) struct Cable {
    address: SocketAddr,
    state: Arc<AtomicU8>,
}

impl Cable {
    pub(super) fn lay(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(AtomicU8::new(WHOLE));
        let cable = Self {
            address,
            state: Arc::clone(&state),
        };
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if state.load(Ordering::SeqCst) == CUT {
                    continue;
                }
                let server = TcpStream::connect(server).unwrap();
                carry(client, server, &state);
            }
        });
        cable
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets the answer to the next commit be lost, and everything after it.
    pub(super) fn lose_the_next_answer(&self) {
        self.state.store(TRAP, Ordering::SeqCst);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.state.load(Ordering::SeqCst) == CUT
    }

    pub(super) fn mend(&self) {
        self.state.store(WHOLE, Ordering::SeqCst);
    }
}

fn carry(client: TcpStream, server: TcpStream, state: &Arc<AtomicU8>) {
    let (to_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let there = Arc::clone(state);
    thread::spawn(move || pass(client, to_server, &there, true));
    let back = Arc::clone(state);
    thread::spawn(move || pass(server, to_client, &back, false));
}

/// Passes on what comes, to the end of either side.
fn pass(mut from: TcpStream, mut to: TcpStream, state: &AtomicU8, asks: bool) {
    let mut bytes = vec![0; 64 * 1024];
    let mut step = || -> io::Result<bool> {
        let count = from.read(&mut bytes)?;
        let part = &bytes[..count];
        if asks && part.windows(COMMIT.len()).any(|it| it == COMMIT) {
            // From here on nothing comes back.
            let _ = state.compare_exchange(TRAP, CUT, Ordering::SeqCst, Ordering::SeqCst);
        }
        let passes = asks || state.load(Ordering::SeqCst) != CUT;
        if count > 0 && passes {
            to.write_all(part)?;
        }
        Ok(count > 0 && passes)
    };
    while step().unwrap_or(false) {}
    // Both sides see the end. The server has answered by then, so that the commit was not broken off.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
