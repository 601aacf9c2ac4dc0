//! A server that a test kills: `server_under_test SETTINGS`, which are JSON. Says on its first line
//! where it listens, and on stderr what `RUST_LOG` asks for.

use std::{error::Error, io::Write as _};

use magpie_tests_end_to_end::{ServerSettings, TestClock, serve};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let settings = std::env::args()
        .nth(1)
        .ok_or("server_under_test SETTINGS")?;
    let settings: ServerSettings = serde_json::from_str(&settings)?;
    let server = serve(settings, TestClock::default()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.local_addr())?;
    out.flush()?;
    std::future::pending().await
}
