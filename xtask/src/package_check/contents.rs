//! What must be in a package of any kind.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read as _,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::{self, program};

/// The sizes of the app's icons.
const SIZES: [u32; 13] = [16, 22, 24, 32, 36, 48, 64, 72, 96, 128, 192, 256, 512];

/// What a shell has to find in the desktop entry.
const ENTRY: [&str; 8] = [
    "Name=Magpie",
    "Name[zh_CN]=喜鹊",
    "Exec=magpie %u",
    "Icon=magpie",
    "MimeType=x-scheme-handler/magpie;",
    "StartupWMClass=magpie",
    "Categories=Network;InstantMessaging;Chat;",
    "X-GNOME-UsesNotifications=true",
];

/// The name of the desktop entry, which the app gives to notification daemons and docks.
pub(super) const DESKTOP: &str = "usr/share/applications/Magpie.desktop";
const METAINFO: &str = "usr/share/metainfo/chat.magpie.desktop.metainfo.xml";

/// Checks an unpacked package.
///
/// # Errors
/// When something is missing, or not as it should be.
pub(super) fn check(folder: &Path) -> Result<()> {
    let programs: Vec<String> = files(&folder.join("usr/bin"))?.into_iter().collect();
    ensure!(programs == ["magpie"], "the programs are {programs:?}");
    for file in files(folder)? {
        let mode = fs::metadata(folder.join(&file))?.mode() & 0o7777;
        let wanted = if file == "usr/bin/magpie" {
            0o755
        } else {
            0o644
        };
        ensure!(mode == wanted, "{file} has mode {mode:o}, not {wanted:o}");
    }

    let entry = folder.join(DESKTOP);
    let text = fs::read_to_string(&entry).context("there is no desktop entry")?;
    for line in ENTRY {
        let there = text.lines().any(|one| one == line);
        ensure!(there, "the desktop entry does not say {line}");
    }
    command::run(program("desktop-file-validate", [&entry]))?;
    let mut appstream = program("appstreamcli", ["validate", "--no-net"]);
    appstream.arg(folder.join(METAINFO));
    command::run(appstream)?;
    icons(&folder.join("usr/share/icons/hicolor"))
}

fn icons(hicolor: &Path) -> Result<()> {
    let mut wanted = BTreeSet::from(["scalable/apps/magpie.svg".to_owned()]);
    for size in SIZES {
        let name = format!("{size}x{size}/apps/magpie.png");
        let found = png_size(&hicolor.join(&name)).with_context(|| name.clone())?;
        ensure!(found == (size, size), "{name} is of {found:?}");
        wanted.insert(name);
    }
    let found = files(hicolor)?;
    ensure!(found == wanted, "there are other icons: {found:?}");
    println!("    icons of {SIZES:?} and a drawing");
    Ok(())
}

/// Returns width and height as a PNG's first bytes have them.
fn png_size(path: &Path) -> Result<(u32, u32)> {
    let mut head = [0; 24];
    File::open(path)?.read_exact(&mut head)?;
    let number = |at: usize| {
        let bytes = head.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    match (
        head.strip_prefix(b"\x89PNG\r\n\x1a\n"),
        number(16),
        number(20),
    ) {
        (Some(_), Some(width), Some(height)) => Ok((width, height)),
        _ => bail!("{} is no PNG", path.display()),
    }
}

/// Returns the files below a folder, by their paths in it.
///
/// # Errors
/// When it cannot be read.
pub(super) fn files(folder: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                let path = entry.path();
                let own = path.strip_prefix(folder)?;
                found.insert(own.to_string_lossy().into_owned());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout;

    #[test]
    fn icons_are_measured_and_counted() {
        let hicolor = tempfile::tempdir().unwrap();
        let icon = |size: u32| checkout::root().join(format!("icons/{size}x{size}.png"));
        let put = |from: &Path, to: &str| {
            let to = hicolor.path().join(to);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        };
        put(
            &checkout::root().join("icons/magpie.svg"),
            "scalable/apps/magpie.svg",
        );
        for size in SIZES {
            assert!(icons(hicolor.path()).is_err());
            put(&icon(size), &format!("{size}x{size}/apps/magpie.png"));
        }
        icons(hicolor.path()).unwrap();
        put(&icon(16), "512x512/apps/magpie.png");
        assert!(icons(hicolor.path()).is_err());
        put(&icon(512), "512x512/apps/magpie.png");
        put(&icon(16), "17x17/apps/magpie.png");
        assert!(icons(hicolor.path()).is_err());
    }
}
