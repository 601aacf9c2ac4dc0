//! The server as a child process.

use std::{
    net::SocketAddr,
    process::{self, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::{TcpListener, TcpStream};

use crate::{args::ServerArgs, measure::Tree};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that listens; killed when dropped.
pub(crate) struct Child {
    process: process::Child,
    address: SocketAddr,
}

impl Child {
    /// Starts the server with these flags, at `address` or on a free port of this machine.
    ///
    /// # Errors
    /// When it does not take connections in time.
    pub(super) async fn serve(
        args: &ServerArgs,
        flags: Vec<String>,
        address: Option<SocketAddr>,
    ) -> Result<Self> {
        let address = match address {
            Some(address) => address,
            None => free_port().await?,
        };
        let mut command = if args.server.as_os_str() == "own" {
            let mut command = own()?;
            command.arg("own-server");
            command
        } else {
            Command::new(&args.server)
        };
        command
            .arg("serve")
            .arg(format!("--listen={address}"))
            .args(flags);
        Self::run(command, address).await
    }

    /// Starts a part of this program as a process of its own; it is told where to listen.
    ///
    /// # Errors
    /// When it cannot be started, ends at once, or does not take connections.
    pub(crate) async fn start_part(name: &str) -> Result<Self> {
        let address = free_port().await?;
        let mut command = own()?;
        command.arg(name).arg(address.to_string());
        Self::run(command, address).await
    }

    async fn run(mut command: Command, address: SocketAddr) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let process = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut child = Self { process, address };
        let begin = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = child.process.try_wait()? {
                bail!("{program} ended at once: {status}");
            }
            if begin.elapsed() > PATIENCE {
                bail!("{program} does not take connections");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(child)
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what it takes of the machine.
    pub(crate) fn tree(&self) -> Tree {
        Tree::of(self.process.id())
    }

    /// Asks it to end, and returns when it has.
    ///
    /// # Errors
    /// When it does not end in time, or not well.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.ask_to_stop()?;
        let begin = Instant::now();
        loop {
            match self.process.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("the server ended badly: {status}"),
                None if begin.elapsed() > PATIENCE => bail!("the server does not end"),
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }

    fn ask_to_stop(&self) -> Result<()> {
        let id = i32::try_from(self.process.id())?;
        let id = Pid::from_raw(id).context("a process has no number")?;
        Ok(kill_process(id, Signal::TERM)?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Both fail where it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn own() -> Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

async fn free_port() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    Ok(listener.local_addr()?)
}
