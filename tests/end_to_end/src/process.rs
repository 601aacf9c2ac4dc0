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

use crate::{PATIENCE, ServerSettings, eventually};

/// A server as a child process, which can be killed and started again with the same data at the
/// same address. It is killed when dropped.
pub struct ChildServer {
    program: PathBuf,
    settings: ServerSettings,
    child: Option<Child>,
}

impl ChildServer {
    /// Starts `program`, where the settings say so on a free port.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(program: &Path, settings: ServerSettings) -> Self {
        let mut server = Self {
            program: program.to_owned(),
            settings,
            child: None,
        };
        server.restart().await;
        server
    }

    /// Returns where it listens, or did before it was killed.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.settings.listen
    }

    /// Returns whether it runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// Kills it with `SIGKILL`, and returns when it is gone.
    ///
    /// # Panics
    /// When it was gone before.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        let ended = child.try_wait().unwrap();
        assert_eq!(ended, None, "the server died by itself");
        child.kill().await.unwrap();
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        // For a moment the database may still be held by the one before, or not be there yet.
        let (child, address) = eventually("the server starts", PATIENCE, async || {
            run_server(&self.program, &self.settings).await
        })
        .await;
        let wanted = self.settings.listen;
        assert!(wanted.port() == 0 || wanted == address, "{address}");
        self.settings.listen = address;
        self.child = Some(child);
    }
}

async fn run_server(
    program: &Path,
    settings: &ServerSettings,
) -> Result<(Child, SocketAddr), String> {
    let mut child = Command::new(program)
        .arg(serde_json::to_string(settings).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap();
    let line = line.ok_or("the server ended before it listened")?;
    Ok((child, line.parse().unwrap()))
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
