//! The known cases in which WebKitGTK shows an empty window, and the way around each.
//!
//! They are found out before anything else and set as variables of the environment, which a process
//! cannot change safely once it runs: so it starts itself anew with them, once. A variable that the
//! user has set is left as it is. `--safe-graphics` sets all of them.

use std::{
    collections::BTreeMap, env, ffi::OsString, fs, io, os::unix::process::CommandExt as _,
    path::Path, process::Command,
};

/// Says that the variables are set, so that this is done once.
const DONE: &str = "MAGPIE_GRAPHICS";

const NO_DMABUF: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
const NO_COMPOSITING: (&str, &str) = ("WEBKIT_DISABLE_COMPOSITING_MODE", "1");
const SOFTWARE: (&str, &str) = ("LIBGL_ALWAYS_SOFTWARE", "1");
const NO_EXPLICIT_SYNC: (&str, &str) = ("__NV_DISABLE_EXPLICIT_SYNC", "1");

/// What is known about the computer's graphics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct System {
    /// NVIDIA's own driver is loaded; the free one has no such trouble.
    nvidia: bool,
    /// The desktop speaks Wayland.
    wayland: bool,
    /// The screen belongs to another computer.
    remote: bool,
    /// There is a device to draw with.
    render_node: bool,
}

impl System {
    fn found() -> Self {
        let display = env::var("DISPLAY").unwrap_or_default();
        let wayland = env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty())
            && env::var("GDK_BACKEND").map_or(true, |backend| !backend.starts_with("x11"));
        let devices = fs::read_dir("/dev/dri").into_iter().flatten().flatten();
        Self {
            nvidia: Path::new("/sys/module/nvidia/version").exists(),
            wayland,
            remote: !wayland && is_remote(&display),
            render_node: devices
                .map(|device| device.file_name())
                .any(|name| name.to_string_lossy().starts_with("renderD")),
        }
    }

    /// Returns the variables that lead around what is known to fail here.
    fn remedies(self) -> Vec<(&'static str, &'static str)> {
        let mut remedies = Vec::new();
        if self.nvidia && self.wayland {
            // "Error 71 (Protocol error) dispatching to Wayland display": the driver's explicit sync
            // against GTK 3. <https://github.com/tauri-apps/tauri/issues/10702>
            remedies.push(NO_EXPLICIT_SYNC);
        }
        if self.nvidia || self.remote || !self.render_node {
            // "AcceleratedSurfaceDMABuf was unable to construct a complete framebuffer", or "Failed to
            // create GBM buffer": buffers that the driver cannot share, or nothing to make them with.
            // <https://github.com/tauri-apps/tauri/issues/9394>
            remedies.push(NO_DMABUF);
        }
        remedies
    }
}

/// Whether an X display is reached over the network, as with `ssh -X`.
fn is_remote(display: &str) -> bool {
    display
        .rsplit_once(':')
        .is_some_and(|(host, _)| !host.is_empty() && host != "unix" && !host.starts_with('/'))
}

/// Starts the program anew where it needs other graphics; otherwise returns at once.
pub(crate) fn prepare(safe: bool) {
    if env::var_os(DONE).is_some() {
        return;
    }
    let remedies = match safe {
        true => vec![NO_DMABUF, NO_COMPOSITING, SOFTWARE, NO_EXPLICIT_SYNC],
        false => System::found().remedies(),
    };
    let missing = missing(remedies, |name| env::var_os(name));
    if missing.is_empty() {
        return;
    }
    // Without them it starts as well; the log is not open yet.
    let error = start_anew(&missing);
    eprintln!("Magpie cannot start itself anew with other graphics: {error}");
}

/// Leaves out what the user has decided.
fn missing(
    remedies: Vec<(&'static str, &'static str)>,
    set: impl Fn(&str) -> Option<OsString>,
) -> BTreeMap<&'static str, &'static str> {
    let undecided = remedies.into_iter();
    undecided.filter(|(name, _)| set(name).is_none()).collect()
}

/// Becomes the same program with more variables. Returns only when that fails.
fn start_anew(variables: &BTreeMap<&str, &str>) -> io::Error {
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut arguments = env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command
        .args(arguments)
        .envs(variables)
        .env(DONE, "1")
        .exec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: System = System {
        nvidia: false,
        wayland: true,
        remote: false,
        render_node: true,
    };

    #[test]
    fn a_usual_computer_is_left_alone() {
        assert_eq!(USUAL.remedies(), []);
        let wayland = false;
        assert_eq!(System { wayland, ..USUAL }.remedies(), []);
    }

    #[test]
    fn each_known_case_has_its_remedy() {
        let nvidia = true;
        assert_eq!(
            System { nvidia, ..USUAL }.remedies(),
            [NO_EXPLICIT_SYNC, NO_DMABUF]
        );
        let x11 = System {
            nvidia,
            wayland: false,
            ..USUAL
        };
        assert_eq!(x11.remedies(), [NO_DMABUF]);
        for odd in [
            System {
                remote: true,
                ..USUAL
            },
            System {
                render_node: false,
                ..USUAL
            },
        ] {
            assert_eq!(odd.remedies(), [NO_DMABUF]);
        }
    }

    #[test]
    fn a_display_of_another_computer_is_known() {
        for near in [":0", ":1.0", "", "unix:0", "/private/tmp/com.apple:0"] {
            assert!(!is_remote(near), "{near:?}");
        }
        for far in ["localhost:10.0", "office.example:0", "[::1]:0"] {
            assert!(is_remote(far), "{far:?}");
        }
    }

    #[test]
    fn what_the_user_decided_stays() {
        let set = |name: &str| (name == NO_DMABUF.0).then(|| OsString::from("0"));
        let missing = missing(vec![NO_DMABUF, SOFTWARE], set);
        assert_eq!(missing, BTreeMap::from([SOFTWARE]));
    }
}
