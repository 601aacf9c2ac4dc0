//! Waiting for something to become true.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep, timeout};

/// How long to wait for what should take a moment: a debug build on a busy machine is slow.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait for one answer before asking again.
const ONE_ANSWER: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(50);

/// Asks until the answer is something.
///
/// # Errors
/// When [`PATIENCE`] is at its end; the text says what was waited for, and why the last answer
/// was no good.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        // The driver leaves a question open for ever when the page goes away under it.
        let answer = timeout(ONE_ANSWER, ask())
            .await
            .unwrap_or_else(|_| bail!("no answer"));
        if let Ok(Some(value)) = answer {
            return Ok(value);
        }
        if Instant::now() >= end {
            let waited = format!("waited {} s for {what}", PATIENCE.as_secs());
            return match answer {
                Err(error) => Err(error).context(waited),
                Ok(_) => bail!(waited),
            };
        }
        sleep(PAUSE).await;
    }
}
