//! A private Redis, or a small cluster of them, from the system's package.
//!
//! It listens on the loopback interface only and keeps nothing on disk but what a cluster needs to
//! know itself again. Its programs are ended when it is dropped, and also when the process of the
//! test is killed: beside each waits a shell for the end of a pipe, which the system closes with that
//! process.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a server may take to start, or a cluster to come together.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads from a pipe that nobody writes into, and kills the server when it is closed.
const WATCHER: &str = r#"read -r _; kill -KILL "$1" 2>/dev/null"#;

/// A Redis that runs, or was stopped and can be started again at the same address.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    servers: Vec<Server>,
}

#[derive(Debug)]
struct Server {
    port: u16,
    folder: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    program: Child,
    watcher: Child,
}

impl Redis {
    /// Starts a single server on a free port.
    ///
    /// # Errors
    /// When `redis-server` is not installed or does not start.
    pub fn start() -> io::Result<Self> {
        Self::start_many(1, false)
    }

    /// Starts a cluster of three servers, each with a third of the slots.
    ///
    /// # Errors
    /// As [`Redis::start`], and when the cluster does not come together.
    pub fn start_cluster() -> io::Result<Self> {
        let redis = Self::start_many(3, true)?;
        redis.join()?;
        Ok(redis)
    }

    fn start_many(count: usize, cluster: bool) -> io::Result<Self> {
        let folder = TempDir::with_prefix("magpie-redis-")?;
        // Where somebody else takes a port between our asking and Redis's listening, others are
        // tried.
        let mut failure = io::Error::other("no free port");
        for _ in 0..5 {
            let mut servers = Vec::with_capacity(count);
            for (number, port) in free_ports(count)?.into_iter().enumerate() {
                let folder = folder.path().join(format!("{port}-{number}"));
                std::fs::create_dir(&folder)?;
                configure(&folder, port, cluster)?;
                servers.push(Server {
                    port,
                    folder,
                    running: None,
                });
            }
            match servers.iter_mut().try_for_each(Server::start) {
                Ok(()) => return Ok(Self { folder, servers }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Returns the address for `--bus`; of a cluster all servers'.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self
            .servers
            .iter()
            .map(|server| server.address().to_string())
            .collect();
        format!("redis://{}", hosts.join(","))
    }

    /// Returns where the servers listen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(Server::address).collect()
    }

    /// Kills all servers at once, as when the machine fails. What they held is lost.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(&mut self) -> io::Result<()> {
        self.servers.iter_mut().try_for_each(Server::kill)
    }

    /// Starts the servers that do not run, at the addresses that they had.
    ///
    /// # Errors
    /// See [`Redis::start`].
    pub fn start_again(&mut self) -> io::Result<()> {
        self.servers.iter_mut().try_for_each(Server::start)
    }

    /// Kills the servers and starts them again.
    ///
    /// # Errors
    /// See [`Redis::start`].
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        self.start_again()
    }

    /// Lets the servers hang: they keep their connections and answer nothing.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn pause(&self) -> io::Result<()> {
        self.signal("-STOP")
    }

    /// Lets servers that hang go on.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn resume(&self) -> io::Result<()> {
        self.signal("-CONT")
    }

    /// Runs `redis-cli` on the first server (of a cluster: on the one that has the key), and returns
    /// what it prints.
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub fn command(&self, arguments: &[&str]) -> io::Result<String> {
        let port = self.servers.first().map_or(0, |server| server.port);
        cli(port, &["-c"], arguments)
    }

    /// Returns the folder that holds what the servers keep.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn signal(&self, signal: &str) -> io::Result<()> {
        for server in &self.servers {
            if let Some(running) = &server.running {
                send_signal(signal, running.program.id())?;
            }
        }
        Ok(())
    }

    fn join(&self) -> io::Result<()> {
        let hosts: Vec<String> = self.addresses().iter().map(ToString::to_string).collect();
        let mut arguments = vec!["--cluster", "create"];
        arguments.extend(hosts.iter().map(String::as_str));
        arguments.push("--cluster-yes");
        cli(0, &[], &arguments)?;
        until(|| {
            let healthy = |server: &Server| {
                let info = cli(server.port, &[], &["CLUSTER", "INFO"]).unwrap_or_default();
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            };
            Ok(self.servers.iter().all(healthy))
        })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        for server in &mut self.servers {
            // Its watcher ends it in any case.
            let _ = server.kill();
        }
    }
}

impl Server {
    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn start(&mut self) -> io::Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let program = Command::new("redis-server")
            .arg(self.folder.join("redis.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("redis-server is not installed: {error}"),
                )
            })?;
        let number = program.id();
        let watcher = Command::new("sh")
            .args(["-c", WATCHER, "watcher", &number.to_string()])
            .stdin(Stdio::piped())
            .spawn()?;
        self.running = Some(Running { program, watcher });
        // Asked for its number, so that another server at this port is not taken for it.
        let own = format!("process_id:{number}\r");
        until(|| {
            let info = cli(self.port, &[], &["INFO", "server"]).unwrap_or_default();
            if info.contains(&own) {
                return Ok(true);
            }
            let ended = match &mut self.running {
                Some(running) => running.program.try_wait()?.is_some(),
                None => true,
            };
            if ended {
                return Err(io::Error::other("redis-server did not start"));
            }
            Ok(false)
        })
        .inspect_err(|_| {
            let _ = self.kill();
        })
    }

    fn kill(&mut self) -> io::Result<()> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        running.program.kill()?;
        running.program.wait()?;
        drop(running.watcher.stdin.take());
        running.watcher.wait()?;
        Ok(())
    }
}

fn configure(folder: &Path, port: u16, cluster: bool) -> io::Result<()> {
    let mut lines = format!(
        "port {port}\nbind 127.0.0.1\ndir {}\nsave \"\"\nappendonly no\n",
        folder.display()
    );
    if cluster {
        // Its own port for the cluster's talk: the usual one, ten thousand above, may not exist.
        let bus_port = free_ports(1)?.into_iter().next().unwrap_or_default();
        lines.push_str("cluster-enabled yes\ncluster-node-timeout 2000\n");
        lines.push_str(&format!("cluster-port {bus_port}\n"));
    }
    std::fs::write(folder.join("redis.conf"), lines)
}

fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let listen = |_| TcpListener::bind(("127.0.0.1", 0));
    let listeners: Vec<TcpListener> = (0..count).map(listen).collect::<io::Result<_>>()?;
    let port = |listener: &TcpListener| Ok(listener.local_addr()?.port());
    listeners.iter().map(port).collect()
}

fn cli(port: u16, options: &[&str], arguments: &[&str]) -> io::Result<String> {
    let mut command = Command::new("redis-cli");
    if port != 0 {
        command.args(["-p", &port.to_string()]);
    }
    let done = command.args(options).args(arguments).output()?;
    if !done.status.success() {
        return Err(io::Error::other(
            String::from_utf8_lossy(&done.stderr).into_owned(),
        ));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn send_signal(signal: &str, number: u32) -> io::Result<()> {
    let done = Command::new("kill")
        .args([signal, &number.to_string()])
        .status()?;
    if done.success() {
        Ok(())
    } else {
        Err(io::Error::other("the process cannot be signalled"))
    }
}

fn until(mut done: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let began = Instant::now();
    while !done()? {
        if began.elapsed() > PATIENCE {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "redis-server"));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
