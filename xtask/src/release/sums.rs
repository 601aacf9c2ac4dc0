//! Checksums: what `sha256sum --check` reads.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// The file with the checksums of all others.
pub(super) const FILE: &str = "SHA256SUMS";

/// Writes the checksums of all other files of a folder into it.
///
/// # Errors
/// When a file cannot be read, or the result not written.
pub(super) fn write(folder: &Path) -> Result<()> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name() != FILE {
            let name = entry.file_name().into_string();
            names.push(name.ok().context("a file's name is no text")?);
        }
    }
    names.sort_unstable();
    let mut lines = String::new();
    for name in names {
        let sum = sum(&folder.join(&name))?;
        lines.push_str(&format!("{sum}  {name}\n"));
    }
    fs::write(folder.join(FILE), lines)?;
    Ok(())
}

fn sum(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            break;
        };
        hasher.update(part);
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_line_and_the_sums_are_right() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.deb"), "abc").unwrap();
        fs::write(folder.path().join("a.rpm"), "").unwrap();
        fs::create_dir(folder.path().join("no file")).unwrap();
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.rpm\n\
                        ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b.deb\n";
        // The second time its own file is there.
        for _ in 0..2 {
            write(folder.path()).unwrap();
            let written = fs::read_to_string(folder.path().join(FILE)).unwrap();
            assert_eq!(written, expected);
        }
    }
}
