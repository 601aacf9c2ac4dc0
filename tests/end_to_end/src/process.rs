//! Server and client as processes of their own, to be killed.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use magpie_protocol::{ConversationId, MessageId};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A server as a child process, which can be killed and started again on the same folder and port.
/// It is killed when dropped.
pub struct ChildServer {
    program: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    child: Child,
}

impl ChildServer {
    /// Starts `program` on a folder and a free port.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(program: &Path, folder: &Path) -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let (child, address) = run_server(program, folder, any_port).await;
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            address,
            child,
        }
    }

    /// Returns where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills it with `SIGKILL`, and returns when it is gone.
    ///
    /// # Panics
    /// When it was gone before.
    pub async fn kill(&mut self) {
        assert_eq!(
            self.child.try_wait().unwrap(),
            None,
            "the server died by itself"
        );
        self.child.kill().await.unwrap();
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        let (child, address) = run_server(&self.program, &self.folder, self.address).await;
        assert_eq!(address, self.address);
        self.child = child;
    }
}

async fn run_server(program: &Path, folder: &Path, at: SocketAddr) -> (Child, SocketAddr) {
    let mut child = Command::new(program)
        .arg(folder)
        .arg(at.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap();
    let line = line.expect("the server ended before it listened");
    (child, line.parse().unwrap())
}

/// A core as a child process that sends texts as fast as it can. It is killed when dropped.
pub struct ChildClient {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl ChildClient {
    /// Starts `program` on the folder of a device that is off, to send `prefix 1`, `prefix 2` …
    /// `prefix count`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(
        program: &Path,
        folder: &Path,
        conversation_id: ConversationId,
        prefix: &str,
        count: usize,
    ) -> Self {
        let mut child = Command::new(program)
            .arg(folder)
            .args([&conversation_id.to_string(), prefix, &count.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for the next message that the core has taken; `None` when there is no more.
    ///
    /// # Panics
    /// When the process says something else.
    pub async fn next(&mut self) -> Option<MessageId> {
        let line = self.lines.next_line().await.unwrap()?;
        Some(line.parse().unwrap())
    }

    /// Kills it with `SIGKILL`, and returns when it is gone.
    ///
    /// # Panics
    /// When it was gone before.
    pub async fn kill(&mut self) {
        assert_eq!(
            self.child.try_wait().unwrap(),
            None,
            "the client died by itself"
        );
        self.child.kill().await.unwrap();
    }
}
