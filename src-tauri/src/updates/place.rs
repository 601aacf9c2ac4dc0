//! How this copy of the app was installed, and so how it can be replaced.

/// How this copy can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(windows, expect(dead_code, reason = "the ways of other systems"))]
pub(crate) enum Place {
    /// It is a file or a folder of the user's own, which another takes the place of.
    Own,
    /// The system's packages have it. The user is asked for leave to change them.
    Package,
    /// An installer replaces it, once it has ended.
    Installer,
    /// Somebody else keeps it up to date: a shop, the distribution, or whoever built it.
    Elsewhere,
}

#[cfg(target_os = "linux")]
impl Place {
    /// Finds out how it is here.
    pub(crate) fn here() -> Self {
        use std::{env, path::Path};

        use rustix::fs::{Access, access};
        use tauri::utils::{config::BundleType, platform::bundle_type};

        let image = env::var_os("APPIMAGE").filter(|path| !path.is_empty());
        Self::of(&Found {
            sandboxed: Path::new("/.flatpak-info").exists() || env::var_os("SNAP").is_some(),
            package: matches!(bundle_type(), Some(BundleType::Deb | BundleType::Rpm)),
            can_ask: env::split_paths(&env::var_os("PATH").unwrap_or_default())
                .any(|folder| folder.join("pkexec").is_file()),
            // A new file takes the old one's place, so the folder must be the user's to change.
            image_writable: image.map(|image| {
                let folder = Path::new(&image).parent();
                folder.is_some_and(|folder| access(folder, Access::WRITE_OK).is_ok())
            }),
        })
    }

    fn of(found: &Found) -> Self {
        match found {
            Found {
                sandboxed: true, ..
            } => Self::Elsewhere,
            Found {
                package: true,
                can_ask,
                ..
            } => match can_ask {
                true => Self::Package,
                false => Self::Elsewhere,
            },
            Found {
                image_writable: Some(true),
                ..
            } => Self::Own,
            Found { .. } => Self::Elsewhere,
        }
    }
}

/// What is known of this copy.
#[cfg(target_os = "linux")]
struct Found {
    /// It runs in a sandbox, which a shop fills.
    sandboxed: bool,
    /// It came in a package of the system's.
    package: bool,
    /// The desktop can ask the user for leave.
    can_ask: bool,
    /// It is an AppImage; whether that can be replaced.
    image_writable: Option<bool>,
}

#[cfg(target_os = "macos")]
impl Place {
    /// Finds out how it is here.
    pub(crate) fn here() -> Self {
        use rustix::fs::{Access, access};

        // Magpie.app/Contents/MacOS/magpie, in a folder that may be the administrator's.
        let program = std::env::current_exe().unwrap_or_default();
        let folder = program.ancestors().nth(4);
        match folder.is_some_and(|folder| access(folder, Access::WRITE_OK).is_ok()) {
            true => Self::Own,
            false => Self::Package,
        }
    }
}

#[cfg(windows)]
impl Place {
    /// Finds out how it is here.
    pub(crate) fn here() -> Self {
        match tauri::utils::platform::bundle_type() {
            Some(_) => Self::Installer,
            None => Self::Elsewhere,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_user_can_replace_is_replaced() {
        let here = |sandboxed, package, can_ask, image_writable| {
            Place::of(&Found {
                sandboxed,
                package,
                can_ask,
                image_writable,
            })
        };
        assert_eq!(here(false, false, true, Some(true)), Place::Own);
        assert_eq!(here(false, false, true, Some(false)), Place::Elsewhere);
        assert_eq!(here(false, true, true, None), Place::Package);
        assert_eq!(here(false, true, false, None), Place::Elsewhere);
        assert_eq!(here(true, true, true, None), Place::Elsewhere);
        assert_eq!(here(true, false, true, Some(true)), Place::Elsewhere);
        assert_eq!(here(false, false, true, None), Place::Elsewhere);
    }
}
