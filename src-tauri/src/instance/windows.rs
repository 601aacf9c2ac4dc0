//! A named pipe, named after the profile's folder.

use std::{
    fs::File,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::Path,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::windows::named_pipe::{NamedPipeServer, ServerOptions},
    time::timeout,
};

use super::{LONGEST, PATIENCE, Request, TAKEN, take};

pub(super) struct Listener {
    name: String,
}

pub(super) fn listen(folder: &Path) -> io::Result<Listener> {
    Ok(Listener { name: name(folder) })
}

pub(super) fn connect(folder: &Path) -> io::Result<File> {
    File::options().read(true).write(true).open(name(folder))
}

pub(super) fn serve(listener: Listener, handle: impl Fn(Request) + Send + Sync + 'static) {
    tauri::async_runtime::spawn(async move {
        let mut first = true;
        loop {
            match answer(&listener.name, first).await {
                Ok(request) => handle(request),
                Err(error) => {
                    tracing::warn!(%error, "a second start was not understood");
                    // It may be that the pipe cannot be made, which would fail at once again.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            first = false;
        }
    });
}

async fn answer(name: &str, first: bool) -> io::Result<Request> {
    let mut pipe: NamedPipeServer = ServerOptions::new()
        .first_pipe_instance(first)
        .reject_remote_clients(true)
        .create(name)?;
    pipe.connect().await?;
    let mut line = Vec::new();
    let mut reader = BufReader::new((&mut pipe).take(LONGEST));
    timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await??;
    drop(reader);
    let request = take(line.as_slice())?;
    timeout(PATIENCE, pipe.write_all(TAKEN)).await??;
    // What the other end has not read yet is lost when this one is closed first; it ends with an
    // error or with nothing.
    let _ = timeout(PATIENCE, pipe.read(&mut [0])).await;
    Ok(request)
}

fn name(folder: &Path) -> String {
    // Both starts are of one build as a rule; where they are not, the second says that nobody answers.
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!(r"\\.\pipe\chat.magpie.desktop-{:016x}", hasher.finish())
}
