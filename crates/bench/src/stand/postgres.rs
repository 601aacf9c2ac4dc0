//! A database of one's own in a PostgreSQL.

use std::{
    env,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use tokio_postgres::NoTls;

/// Names a PostgreSQL that runs already, as for the tests.
const SHARED: &str = "MAGPIE_TEST_POSTGRES";

/// A database in a PostgreSQL that the environment names, or that was started for it and ends with
/// it.
pub(crate) struct Postgres {
    url: String,
    /// It ends when its input does.
    _running: Option<Child>,
}

impl Postgres {
    /// Makes one; `program` starts a PostgreSQL and says under which URL.
    ///
    /// # Errors
    /// When there is no PostgreSQL.
    pub(super) async fn start(program: &Path) -> Result<Self> {
        static MADE: AtomicU64 = AtomicU64::new(1);
        let (administration, running) = match env::var(SHARED) {
            Ok(shared) => (shared, None),
            Err(_) => {
                let (url, running) = run(program).await?;
                (url, Some(running))
            }
        };
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("bench_{}_{number}", std::process::id());
        let (client, connection) = tokio_postgres::connect(&administration, NoTls).await?;
        tokio::spawn(connection);
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))
            .await?;
        let (server, _) = administration
            .rsplit_once('/')
            .context("a URL without a database")?;
        Ok(Self {
            url: format!("{server}/{name}"),
            _running: running,
        })
    }

    /// Returns its URL.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

async fn run(program: &Path) -> Result<(String, Child)> {
    let mut running = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let out = running.stdout.take().context("a program without output")?;
    let line = BufReader::new(out).lines().next_line().await?;
    Ok((line.context("PostgreSQL did not start")?, running))
}
