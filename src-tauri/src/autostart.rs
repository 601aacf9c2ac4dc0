//! Starting when the user signs in to the system.

#[cfg(target_os = "linux")]
mod portal;

use std::{env, io, path::PathBuf};

/// Which copy of the app to start, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The profile.
    pub(crate) profile: String,
    /// The folder that was named at the start, for this copy and so for the next.
    pub(crate) data_dir: Option<PathBuf>,
    /// Whether it starts without a window.
    pub(crate) hidden: bool,
}

impl Entry {
    fn name(&self) -> String {
        match self.profile.as_str() {
            "default" => "Magpie".to_owned(),
            profile => format!("Magpie-{profile}"),
        }
    }

    /// Returns what this copy is started with.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.profile != "default" {
            arguments.extend(["--profile".to_owned(), self.profile.clone()]);
        }
        if let Some(folder) = &self.data_dir {
            let folder = folder.to_string_lossy().into_owned();
            arguments.extend(["--data-dir".to_owned(), folder]);
        }
        if self.hidden {
            arguments.push("--hidden".to_owned());
        }
        arguments
    }
}

/// Has the system start this copy of the app at login, or not any more.
pub(crate) fn set(entry: &Entry, enabled: bool) -> io::Result<()> {
    system::set(entry, enabled)
}

/// Returns the program as it will be found again: an AppImage is mounted somewhere else each time.
pub(crate) fn program() -> io::Result<PathBuf> {
    match env::var_os("APPIMAGE").filter(|path| !path.is_empty()) {
        Some(image) if cfg!(target_os = "linux") => Ok(image.into()),
        _ => env::current_exe(),
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{fs, io, path::Path};

    use super::{Entry, portal, program};

    pub(super) fn set(entry: &Entry, enabled: bool) -> io::Result<()> {
        if portal::is_needed() {
            return portal::set(entry, enabled);
        }
        let config = dirs::config_dir().ok_or(io::ErrorKind::NotFound)?;
        set_in(&config, &program()?, entry, enabled)
    }

    pub(super) fn set_in(
        config: &Path,
        program: &Path,
        entry: &Entry,
        enabled: bool,
    ) -> io::Result<()> {
        let folder = config.join("autostart");
        let file = folder.join(format!("{}.desktop", entry.name()));
        if enabled {
            fs::create_dir_all(&folder)?;
            return fs::write(file, desktop_entry(program, entry));
        }
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn desktop_entry(program: &Path, entry: &Entry) -> String {
        let program = program.to_string_lossy().into_owned();
        let words = [program].into_iter().chain(entry.arguments());
        let command: Vec<String> = words.map(|word| quoted(&word)).collect();
        let command = command.join(" ");
        let name = entry.name();
        format!(
            "[Desktop Entry]\nType=Application\nName={name}\nExec={command}\nIcon=magpie\n\
             Terminal=false\nX-GNOME-Autostart-enabled=true\n"
        )
    }

    /// Returns a word as the Desktop Entry Specification has it in `Exec`: quoted for the command
    /// line, then escaped as every text in the file.
    fn quoted(word: &str) -> String {
        let mut quoted = String::from("\"");
        for sign in word.chars() {
            match sign {
                '"' | '`' | '$' => quoted.extend(["\\\\", &sign.to_string()]),
                '\\' => quoted.push_str("\\\\\\\\"),
                '%' => quoted.push_str("%%"),
                '\n' => quoted.push_str("\\n"),
                sign => quoted.push(sign),
            }
        }
        quoted.push('"');
        quoted
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_entry_is_written_and_taken_away() {
            let config = tempfile::tempdir().unwrap();
            let entry = Entry {
                profile: "bob".to_owned(),
                data_dir: None,
                hidden: true,
            };
            let program = Path::new("/opt/my \"apps\"/mag$pie");
            set_in(config.path(), program, &entry, true).unwrap();
            let file = config.path().join("autostart/Magpie-bob.desktop");
            let written = fs::read_to_string(&file).unwrap();
            let line = r#"Exec="/opt/my \\"apps\\"/mag\\$pie" "--profile" "bob" "--hidden""#;
            assert!(written.lines().any(|one| one == line), "{written}");
            for _ in 0..2 {
                set_in(config.path(), program, &entry, false).unwrap();
                assert!(!file.exists());
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;

    use auto_launch::{AutoLaunchBuilder, WindowsEnableMode};

    use super::{Entry, program};

    pub(super) fn set(entry: &Entry, enabled: bool) -> io::Result<()> {
        let program = program()?;
        let program = program.to_string_lossy();
        let arguments: Vec<String> = entry.arguments().iter().map(|word| quoted(word)).collect();
        let mut builder = AutoLaunchBuilder::new();
        builder
            .set_app_name(&entry.name())
            .set_app_path(&match cfg!(windows) {
                true => quoted(&program),
                // The library looks whether it is there.
                false => program.into_owned(),
            })
            .set_args(&arguments)
            // For this user: the folder that is named is theirs.
            .set_windows_enable_mode(WindowsEnableMode::CurrentUser);
        let launch = builder.build().map_err(io::Error::other)?;
        match enabled {
            true => launch.enable(),
            false => launch.disable(),
        }
        .map_err(io::Error::other)
    }

    /// Returns a word for the command line of Windows, or for the XML of macOS: the library writes
    /// words as they are.
    fn quoted(word: &str) -> String {
        match cfg!(windows) {
            true => {
                // Those before the last mark would take it for a part of the word.
                let backslashes = word.len() - word.trim_end_matches('\\').len();
                format!("\"{word}{}\"", "\\".repeat(backslashes))
            }
            false => word.replace('&', "&amp;").replace('<', "&lt;"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_that_chose_it_is_the_one_that_starts() {
        let mut entry = Entry {
            profile: "default".to_owned(),
            data_dir: None,
            hidden: false,
        };
        assert_eq!(
            (entry.name().as_str(), entry.arguments().len()),
            ("Magpie", 0)
        );
        entry.data_dir = Some("/home/bob/my chats".into());
        entry.hidden = true;
        assert_eq!(
            entry.arguments(),
            ["--data-dir", "/home/bob/my chats", "--hidden"]
        );
    }
}
