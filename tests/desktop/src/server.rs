//! The real server, as a child process.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{World, programs, until};

/// A server on a folder and a port of its own, which it keeps over a restart.
pub struct Server<'w> {
    world: &'w World,
    name: String,
    address: SocketAddr,
    folder: PathBuf,
    process: Option<Child>,
}

impl<'w> Server<'w> {
    pub(crate) async fn start(world: &'w World, name: &str) -> Result<Self> {
        let mut server = Self {
            world,
            name: name.to_owned(),
            address: free_address()?,
            folder: world.folder().join(name),
            process: None,
        };
        server.start_again().await?;
        Ok(server)
    }

    /// Returns what a person would type as its address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills the server, giving it no time for anything.
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill(&mut self) -> Result<()> {
        let mut process = self.process.take().context("the server is not running")?;
        process.kill()?;
        process.wait()?;
        Ok(())
    }

    /// Starts it on the folder and port it had, and returns when it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn start_again(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.world.log(&self.name))?;
        let process = self.world.spawn(
            Command::new(programs::built("magpie-server")?)
                .arg("serve")
                .args(["--listen", &self.address.to_string()])
                .args(["--name", &self.name])
                .arg("--data-dir")
                .arg(&self.folder)
                .args(self.world.server_arguments())
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        self.process = Some(process);
        let address = self.address;
        until("the server's health", async || {
            is_healthy(address).map(|()| Some(()))
        })
        .await
    }
}

fn is_healthy(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: magpie\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let line = answer.lines().next().unwrap_or_default();
    line.contains(" 200 ")
        .then_some(())
        .with_context(|| format!("it said {line:?}"))
}

/// Returns an address that nobody listens at.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
