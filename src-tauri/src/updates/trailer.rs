//! The version of a build for tests. Building the app twice takes too long, so a version can be
//! written behind the end of a program's file, which changes nothing else about it. A release looks
//! at no such thing.

use std::{
    env,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

const MARK: &[u8] = b"\nmagpie-version ";
/// No trailer is longer, in bytes.
const LONGEST: i64 = 64;

/// Returns the version that is written behind the end of this program.
pub(super) fn version() -> Option<String> {
    let mut end = Vec::new();
    let read = || -> io::Result<File> {
        let mut file = File::open(env::current_exe()?)?;
        file.seek(SeekFrom::End(-LONGEST))?;
        Ok(file)
    };
    read().ok()?.read_to_end(&mut end).ok()?;
    let at = end.windows(MARK.len()).position(|part| part == MARK)?;
    let version = end.get(at.checked_add(MARK.len())?..)?;
    let version = String::from_utf8(version.to_vec()).ok()?;
    Some(version.trim_end().to_owned())
}
