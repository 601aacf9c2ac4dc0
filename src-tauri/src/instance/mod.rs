//! One copy of the app per profile. A lock in the profile's folder says who is the first; a second
//! start hands its link over to it, which comes to the front, and ends.
//!
//! The lock is the system's, so it ends with the process, however that ends.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod channel;

use std::{
    fs::{File, TryLockError},
    io::{self, BufRead as _, Read, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use magpie_core::Home;
use serde::{Deserialize, Serialize};

/// How long a second start waits for the first to answer. The first may be starting itself.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);
/// No request is longer, in bytes.
const LONGEST: u64 = 8 * 1024;
const TAKEN: &[u8] = b"taken\n";

/// What a second start wants of the first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Request {
    /// The link that it was started with, not looked at yet.
    pub(crate) link: Option<String>,
    /// What lets the first come to the front, where the desktop asks for that.
    pub(crate) activation_token: Option<String>,
    /// Whether it was to start without a window.
    pub(crate) hidden: bool,
}

/// Why the app did not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstanceError {
    /// The folder cannot be made, or the file in it.
    #[error("the data folder cannot be used: {0}")]
    Folder(String),
    /// Another copy has the profile and does not take requests.
    #[error("Magpie is open already with this profile, and does not answer")]
    NoAnswer,
}

/// Who came first.
pub(crate) enum Start {
    /// This process.
    First(First),
    /// Another one, which has the request now.
    Second,
}

/// The right to be the only copy, as long as this lives.
pub(crate) struct First {
    lock: File,
    listener: io::Result<channel::Listener>,
}

/// Becomes the copy of the app that uses `folder`, or hands the request to the one that does.
pub(crate) fn start(folder: &Path, request: &Request) -> Result<Start, InstanceError> {
    Home::make_folder(folder).map_err(|error| InstanceError::Folder(error.to_string()))?;
    let path = folder.join("instance.lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| InstanceError::Folder(error.to_string()))?;
    let end = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => {
                let listener = channel::listen(folder);
                return Ok(Start::First(First { lock, listener }));
            }
            Err(TryLockError::Error(error)) => {
                return Err(InstanceError::Folder(error.to_string()));
            }
            Err(TryLockError::WouldBlock) => {}
        }
        // The first has the lock a moment before it can be spoken to, and until it has ended.
        match channel::connect(folder).and_then(|stream| hand_over(stream, request)) {
            Ok(()) => return Ok(Start::Second),
            Err(_) if Instant::now() >= end => return Err(InstanceError::NoAnswer),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

impl First {
    /// Calls `handle` with each request from now on. The lock is kept until the process ends.
    pub(crate) fn serve(self, handle: impl Fn(Request) + Send + Sync + 'static) {
        let Self { lock, listener } = self;
        // Its end is the process's end.
        std::mem::forget(lock);
        match listener {
            Ok(listener) => channel::serve(listener, handle),
            Err(error) => tracing::warn!(%error, "a second start will not be heard"),
        }
    }
}

/// Sends a request and waits until it was taken.
fn hand_over(mut stream: impl Read + Write, request: &Request) -> io::Result<()> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = [0; TAKEN.len()];
    stream.read_exact(&mut answer)?;
    if answer == TAKEN {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// Reads a request. Only this user can send one, but it comes from outside all the same.
fn take(stream: impl Read) -> io::Result<Request> {
    let mut line = Vec::new();
    io::BufReader::new(stream.take(LONGEST)).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn first(folder: &Path) -> First {
        match start(folder, &Request::default()).unwrap() {
            Start::First(first) => first,
            Start::Second => panic!("somebody else is there"),
        }
    }

    #[test]
    fn the_second_hands_its_link_over() {
        let folder = tempfile::tempdir().unwrap();
        // Deeper than the path of a socket may be.
        let folder = folder.path().join("profile-".repeat(15)).join("bob");
        let (sender, requests) = mpsc::channel();
        first(&folder).serve(move |request| sender.send(request).unwrap());
        for link in [Some("magpie://person/1"), None] {
            let request = Request {
                link: link.map(str::to_owned),
                activation_token: Some("token".to_owned()),
                hidden: link.is_none(),
            };
            assert!(matches!(start(&folder, &request), Ok(Start::Second)));
            let heard = requests.recv_timeout(PATIENCE).unwrap();
            assert_eq!(heard, request);
        }
    }

    #[test]
    fn another_profile_has_its_own_first() {
        let folder = tempfile::tempdir().unwrap();
        let one = first(&folder.path().join("one"));
        let two = first(&folder.path().join("two"));
        drop((one, two));
    }

    #[test]
    fn the_place_is_free_when_the_first_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        drop(first(folder.path()));
        drop(first(folder.path()));
    }

    #[test]
    fn nonsense_is_no_request() {
        assert!(take(&b"hello\n"[..]).is_err());
        assert!(take(&b""[..]).is_err());
        let long = format!("{{\"link\":\"{}\"}}\n", "a".repeat(10_000));
        assert!(take(long.as_bytes()).is_err());
    }
}
