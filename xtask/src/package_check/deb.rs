//! The .deb: what it says, its installation by apt and its removal by dpkg.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::{contents, root::Root};
use crate::{
    command::{self, output, program},
    release,
};

/// What the package has to name, as apt reads it.
const DEPENDS: [&str; 7] = [
    "libwebkit2gtk-4.1-0",
    "libgtk-3-0",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "desktop-file-utils",
    "hicolor-icon-theme",
    "xdg-utils",
];

/// What Debian wants to find there.
const PAPERS: [&str; 3] = ["copyright", "changelog.gz", "licences.gz"];

/// Unpacks the package and checks what is in it.
///
/// # Errors
/// When something is not as it should be.
pub(super) fn read(deb: &Path, unpacked: &Path) -> Result<()> {
    super::clear(unpacked)?;
    let mut unpack = program("dpkg-deb", ["--extract"]);
    unpack.arg(deb).arg(unpacked);
    command::run(unpack)?;
    contents::check(unpacked, "DEB")?;
    for paper in PAPERS {
        let path = unpacked.join("usr/share/doc/magpie").join(paper);
        ensure!(path.is_file(), "there is no {paper}");
    }

    let field = |name: &str| -> Result<String> {
        let mut read = program("dpkg-deb", ["--field"]);
        read.arg(deb).arg(name);
        Ok(output(read)?.trim().to_owned())
    };
    for (name, wanted) in [
        ("Package", "magpie"),
        ("Version", env!("CARGO_PKG_VERSION")),
        ("Section", "net"),
    ] {
        let found = field(name)?;
        ensure!(found == wanted, "{name} is {found}, not {wanted}");
    }
    let depends = field("Depends")?;
    let depends: BTreeSet<&str> = depends.split(", ").collect();
    for wanted in DEPENDS {
        ensure!(depends.contains(wanted), "it does not depend on {wanted}");
    }
    let glibc = release::needed_glibc(&unpacked.join("usr/bin/magpie"))?;
    let wanted = format!("libc6 (>= {glibc})");
    ensure!(
        depends.contains(wanted.as_str()),
        "it does not depend on {wanted}"
    );
    ensure!(
        field("Description")?.contains("喜鹊"),
        "it is described in one language only"
    );

    let size = |path: &Path| -> Result<u64> { Ok(fs::metadata(path)?.len() / 1024) };
    println!(
        "    the .deb has {} KiB, the program {} KiB, all that is installed {} KiB",
        size(deb)?,
        size(&unpacked.join("usr/bin/magpie"))?,
        field("Installed-Size")?
    );
    Ok(())
}

/// Installs it in a root, with all that it depends on and nothing that it only recommends.
///
/// # Errors
/// When apt finds no way to, or the system does not find what was installed.
pub(super) fn install(root: &Root, deb: &Path) -> Result<()> {
    let name = deb.file_name().context("the package has no name")?;
    let name = name.to_string_lossy();
    root.put(deb, &format!("srv/{name}"))?;
    root.run(&["apt-get", "update", "--quiet"])?;
    root.run(&[
        "apt-get",
        "install",
        "--yes",
        "--quiet",
        "--quiet",
        "--no-install-recommends",
        &format!("/srv/{name}"),
    ])?;
    root.run(&["rm", &format!("/srv/{name}")])?;
    root.run(&["dpkg", "--verify", "magpie"])?;

    let libraries = root.output(&["ldd", "/usr/bin/magpie"])?;
    ensure!(
        !libraries.contains("not found"),
        "a library is missing: {libraries}"
    );
    let handler = root.output(&["xdg-mime", "query", "default", "x-scheme-handler/magpie"])?;
    ensure!(
        handler.trim() == "Magpie.desktop",
        "links are opened with {handler:?}"
    );
    let packages = root.output(&["dpkg-query", "--show"])?;
    println!("    {} packages are installed", packages.lines().count());
    Ok(())
}

/// Removes it from the root and looks for what is left.
///
/// # Errors
/// When something is.
pub(super) fn remove(root: &Root) -> Result<()> {
    let list = root.output(&["dpkg", "--listfiles", "magpie"])?;
    root.run(&["dpkg", "--purge", "magpie"])?;
    for path in list.lines() {
        let there = root.path(path);
        let is_left = there.symlink_metadata().is_ok_and(|data| !data.is_dir());
        ensure!(!is_left, "{path} is left");
    }
    // What people wrote is theirs: nothing is removed from home folders.
    let left = root.output(&[
        "find",
        "/etc",
        "/opt",
        "/root",
        "/run",
        "/srv",
        "/tmp",
        "/usr",
        "/var",
        "-xdev",
        "-path",
        "/var/cache/apt/archives",
        "-prune",
        "-o",
        "-iname",
        "*magpie*",
        "-print",
    ])?;
    ensure!(left.trim().is_empty(), "this is left:\n{left}");
    let handler = root.output(&["xdg-mime", "query", "default", "x-scheme-handler/magpie"])?;
    ensure!(
        handler.trim().is_empty(),
        "links are still opened with {handler:?}"
    );
    let status = root.output(&["dpkg-query", "--show", "--showformat=${Package}\n"])?;
    ensure!(
        !status.lines().any(|name| name == "magpie"),
        "dpkg still knows it"
    );
    println!("    nothing is left of its {} paths", list.lines().count());
    Ok(())
}
