//! A socket in the profile's folder, which only this user can enter.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    thread,
};

use super::{PATIENCE, Request, TAKEN, take};

pub(super) type Listener = UnixListener;

pub(super) fn listen(folder: &Path) -> io::Result<Listener> {
    // Whoever has the lock owns what an earlier copy left.
    at(folder, |path| match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => UnixListener::bind(path),
    })
}

pub(super) fn connect(folder: &Path) -> io::Result<UnixStream> {
    let stream = at(folder, |path| UnixStream::connect(path))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

pub(super) fn serve(listener: Listener, handle: impl Fn(Request) + Send + 'static) {
    let serving = thread::Builder::new()
        .name("instance".to_owned())
        .spawn(move || {
            for stream in listener.incoming() {
                match stream.and_then(|stream| answer(&stream)) {
                    Ok(request) => handle(request),
                    Err(error) => tracing::warn!(%error, "a second start was not understood"),
                }
            }
        });
    if let Err(error) = serving {
        tracing::warn!(%error, "a second start will not be heard");
    }
}

fn answer(mut stream: &UnixStream) -> io::Result<Request> {
    use io::Write as _;

    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = take(stream)?;
    stream.write_all(TAKEN)?;
    Ok(request)
}

const NAME: &str = "instance";

/// No path of a socket is longer on macOS, in bytes.
const LONGEST: usize = 103;

/// Calls `act` with the socket's path. It has about a hundred bytes at most. On Linux a longer one is
/// reached through the open folder; elsewhere the socket is then among the user's temporary files.
fn at<T>(folder: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if cfg!(target_os = "linux") {
        use std::os::fd::AsRawFd as _;

        let open = fs::File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
        act(&path.join(NAME))
    } else {
        let path = folder.join(NAME);
        if path.as_os_str().len() <= LONGEST {
            return act(&path);
        }
        let mut hasher = DefaultHasher::new();
        folder.hash(&mut hasher);
        let name = format!("magpie-{:016x}", hasher.finish());
        act(&env::temp_dir().join(name))
    }
}
