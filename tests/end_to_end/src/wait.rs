//! Waiting for conditions, with a deadline.

use std::time::Duration;

use tokio::time::Instant;

/// How long a test waits for what should happen soon. Only a failing test waits this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Tries until it works, and returns what came of it.
///
/// # Panics
/// When it does not work within `patience`, with the last reason.
pub async fn eventually<T>(
    what: &str,
    patience: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(5);
    loop {
        let tried = tokio::time::timeout_at(deadline, attempt()).await;
        let reason = match tried {
            Ok(Ok(result)) => return result,
            Ok(Err(reason)) => reason,
            Err(_) => "an attempt did not come to an end".to_owned(),
        };
        if Instant::now() + pause >= deadline {
            panic!("waited {patience:?} in vain until {what}: {reason}");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
