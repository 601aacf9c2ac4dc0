//! A private PostgreSQL from the system's packages.
//!
//! It lives in a temporary folder and listens on a socket in it. A shell watches it and holds the
//! other end of a pipe of ours: when this process ends, however it ends, the pipe closes, and the
//! shell stops the server and removes the folder.

use std::{
    env, fs,
    io::{self, Write as _},
    net::{SocketAddr, TcpListener},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tempfile::TempDir;

use super::database::ask;

/// Where Debian and its kin keep each version's programs, in `<version>/bin`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The account that runs the server where we are root, which PostgreSQL refuses to be run by.
const ACCOUNT: &str = "postgres";

/// No start, not even one after a crash, takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks whether it has started.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs the server until a line names a signal for it, or until nobody is left to write one.
const WATCH: &str = r#"
trap '' INT TERM HUP
folder=$1
shift
"$@" >>"$folder/log" 2>&1 &
server=$!
read -r how
kill -"${how:-QUIT}" "$server"
wait "$server"
[ -n "$how" ] || rm -rf "$folder"
"#;

/// Why there is no PostgreSQL for the tests.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Its programs are not there.
    #[error(
        "PostgreSQL is not installed: there is no initdb in {DEBIAN}/*/bin nor on the PATH; \
         on Debian, apt-get install postgresql"
    )]
    NotInstalled,
    /// We are root, and there is nobody to run it as.
    #[error("PostgreSQL does not run as root, and there is no account named {ACCOUNT}")]
    NoAccount,
    /// The folder cannot be made, or a program not be run.
    #[error("PostgreSQL cannot be run: {0}")]
    System(#[from] io::Error),
    /// A program of it failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which.
        program: &'static str,
        /// What it said.
        said: String,
    },
    /// A statement failed, or the server cannot be reached.
    #[error("PostgreSQL: {0}")]
    Database(#[from] tokio_postgres::Error),
}

/// A running PostgreSQL of one's own. Everything in it is gone when it is dropped.
pub struct Postgres {
    programs: PathBuf,
    account: Option<(u32, u32)>,
    port: u16,
    loopback: bool,
    running: Mutex<Option<Child>>,
    // Dropped last.
    folder: TempDir,
}

impl Postgres {
    /// Starts one that listens on a socket in its folder, and on no network.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn start() -> Result<Self, PostgresError> {
        Self::create(5432, false)
    }

    /// Starts one that can also be reached through a port of this machine, for tests that cut the
    /// line.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn start_on_loopback() -> Result<Self, PostgresError> {
        // Free for the moment; taken right away.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        Self::create(port, true)
    }

    fn create(port: u16, loopback: bool) -> Result<Self, PostgresError> {
        let programs = programs().ok_or(PostgresError::NotInstalled)?;
        let folder = tempfile::Builder::new()
            .prefix("magpie-postgres-")
            .tempdir()?;
        let is_root = fs::metadata(folder.path())?.uid() == 0;
        let account = if is_root {
            let (user, group) = account()?.ok_or(PostgresError::NoAccount)?;
            chown(folder.path(), Some(user), Some(group))?;
            Some((user, group))
        } else {
            None
        };
        let postgres = Self {
            programs,
            account,
            port,
            loopback,
            running: Mutex::default(),
            folder,
        };
        postgres.initialise()?;
        postgres.run()?;
        Ok(postgres)
    }

    fn initialise(&self) -> Result<(), PostgresError> {
        let mut initdb = self.command(&self.programs.join("initdb"));
        initdb.arg("-D").arg(self.data());
        initdb.args(["-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync"]);
        // Not every system has C.UTF-8. The schema sorts by bytes whatever the database's own order is.
        initdb.args(["--locale", "C"]);
        let Output {
            status,
            stdout,
            stderr,
        } = initdb.output()?;
        if status.success() {
            return Ok(());
        }
        let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        Err(PostgresError::Failed {
            program: "initdb",
            said: said.concat(),
        })
    }

    /// Starts the server and waits until it answers.
    fn run(&self) -> Result<(), PostgresError> {
        let begin = Instant::now();
        loop {
            let mut child = self.watch()?;
            let answered = loop {
                match ask(&self.url(), "SELECT 1") {
                    Err(error) if begin.elapsed() < PATIENCE => {
                        // One whose processes of before a kill are still ending gives up at once.
                        if self.has_given_up() {
                            break Err(error);
                        }
                        thread::sleep(PAUSE);
                    }
                    other => break other,
                }
            };
            if answered.is_ok() {
                *self.running.lock() = Some(child);
                return Ok(());
            }
            tell(&mut child, "KILL")?;
            if begin.elapsed() >= PATIENCE {
                return Err(PostgresError::Failed {
                    program: "postgres",
                    said: self.log(),
                });
            }
        }
    }

    fn watch(&self) -> Result<Child, PostgresError> {
        fs::write(self.folder.path().join("log"), "")?;
        if let Some((user, group)) = self.account {
            chown(self.folder.path().join("log"), Some(user), Some(group))?;
        }
        let listen = if self.loopback { "127.0.0.1" } else { "" };
        let mut shell = self.command(Path::new("sh"));
        shell
            .args(["-c", WATCH, "sh"])
            .arg(self.folder.path())
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string()])
            .args(["-c", &format!("listen_addresses={listen}")])
            .args(["-c", "max_connections=300"])
            .args(["-c", "shared_buffers=64MB"])
            // Tests make a database each, and a minute of them shall not end in a checkpoint.
            .args(["-c", "max_wal_size=2GB"])
            .args(["-c", "autovacuum_naptime=10s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends us, from the keyboard or otherwise, shall not end the shell.
            .process_group(0);
        Ok(shell.spawn()?)
    }

    fn has_given_up(&self) -> bool {
        let log = self.log();
        log.contains("FATAL:  lock file") || log.contains("FATAL:  pre-existing shared memory")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Returns the URL of its database for administration, through its socket. It stays the same
    /// over restarts.
    #[must_use]
    pub fn url(&self) -> String {
        let folder = self.folder.path().to_string_lossy().replace('/', "%2F");
        format!("postgres://{ACCOUNT}@{folder}:{}/postgres", self.port)
    }

    /// Returns where it listens on this machine, if it was started so. There it takes the user
    /// `postgres`, without a password.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.loopback
            .then(|| SocketAddr::from(([127, 0, 0, 1], self.port)))
    }

    /// Ends it as an operator does: whatever is under way is broken off, what was committed is on
    /// disk, and everything ends in order.
    ///
    /// # Errors
    /// When it cannot be told so.
    pub fn stop(&self) -> Result<(), PostgresError> {
        self.end("INT")
    }

    /// Ends it as a power failure does.
    ///
    /// # Errors
    /// When it cannot be told so.
    pub fn kill(&self) -> Result<(), PostgresError> {
        self.end("KILL")
    }

    fn end(&self, signal: &str) -> Result<(), PostgresError> {
        if let Some(mut child) = self.running.lock().take() {
            tell(&mut child, signal)?;
        }
        Ok(())
    }

    /// Starts it again where it was, after [`Postgres::stop`] or [`Postgres::kill`].
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn start_again(&self) -> Result<(), PostgresError> {
        let runs = self.running.lock().is_some();
        if runs { Ok(()) } else { self.run() }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.lock().take() {
            // Closed, so that the shell reads the end.
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

fn tell(child: &mut Child, signal: &str) -> io::Result<()> {
    if let Some(mut line) = child.stdin.take() {
        writeln!(line, "{signal}")?;
    }
    child.wait().map(drop)
}

/// Returns the folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .max();
    let on_path = || {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    };
    newest.map(|(_, folder)| folder).or_else(on_path)
}

/// Returns the numbers of the account that may run it, and of its group.
fn account() -> io::Result<Option<(u32, u32)>> {
    let accounts = fs::read_to_string("/etc/passwd")?;
    Ok(accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        (name == ACCOUNT).then_some((user, group))
    }))
}
