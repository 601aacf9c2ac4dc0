//! Where the settings come from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, CommandFactory, FromArgMatches, parser::ValueSource};
use toml::Table;

use super::Config;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The command line or an environment variable is wrong, or only help was asked for. Shows
    /// itself as clap does.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else than settings.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
}

/// Magpie's server: chat for you and the people you choose.
#[derive(Debug, clap::Parser)]
#[command(
    name = "magpie-server",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Every flag can also stand in the environment or, under the name of the variable \
                  without MAGPIE_ and in lower case, in the TOML file. Flags win over the \
                  environment, and that over the file."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Runs the server until it is interrupted (the default)
    Serve(Serve),
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// TOML file with settings
    #[arg(long, env = "MAGPIE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Config,
}

/// Reads the settings from the command line `args` (whose first entry is the program's name), the
/// environment, and the file that they name.
///
/// # Errors
/// See [`ConfigError`].
pub fn load(args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Config, ConfigError> {
    let matches = CommandLine::command().try_get_matches_from(args)?;
    let line = CommandLine::from_arg_matches(&matches)?;
    match line.command {
        Some(Command::Serve(serve)) => merge(
            serve,
            matches.subcommand_matches("serve").unwrap_or(&matches),
        ),
        None => merge(line.serve, &matches),
    }
}

fn merge(serve: Serve, matches: &ArgMatches) -> Result<Config, ConfigError> {
    let Some(path) = serve.config else {
        return Ok(serve.settings);
    };
    let mut settings = read(&path)?;
    let invalid = |message: String| ConfigError::Invalid {
        path: path.clone(),
        message,
    };
    let given = Table::try_from(&serve.settings).map_err(|error| invalid(error.to_string()))?;
    for (name, value) in given {
        let explicit = matches!(
            matches.value_source(&name),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        );
        if explicit {
            settings.insert(name, value);
        }
    }
    let config: Config = settings
        .try_into()
        .map_err(|error| invalid(error.to_string()))?;
    match config.wrongly_zero() {
        Some(name) => Err(invalid(format!("{name} must be 1 or more"))),
        None => Ok(config),
    }
}

fn read(path: &Path) -> Result<Table, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    // Read as settings first: this way a mistake is shown with its line.
    toml::from_str::<Config>(&text)
        .and_then(|_| toml::from_str(&text))
        .map_err(|error| ConfigError::Invalid {
            path: path.to_owned(),
            message: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn load_from(args: &[&str]) -> Result<Config, ConfigError> {
        let args = ["magpie-server"].iter().chain(args);
        load(args.map(Into::into))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn nothing_needs_to_be_said() {
        assert_eq!(load_from(&[]).unwrap(), Config::default());
        assert_eq!(load_from(&["serve"]).unwrap(), Config::default());
    }

    #[test]
    fn flags_win_over_the_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(
            b"name = \"From file\"\nlisten = \"127.0.0.1:1\"\nregistration = \"closed\"",
        )
        .unwrap();
        let path = file.path().to_str().unwrap();
        let config = load_from(&["serve", "--config", path, "--listen", "127.0.0.1:2"]).unwrap();
        assert_eq!(config.name, "From file");
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.registration, super::super::WhoRegisters::Closed);
    }

    #[test]
    fn mistakes_are_named() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"lisen = \"127.0.0.1:1\"").unwrap();
        let path = file.path().to_str().unwrap();
        let error = load_from(&["--config", path]).unwrap_err().to_string();
        assert!(error.contains("lisen"), "{error}");
        for zero in ["heartbeat_seconds", "access_token_seconds"] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            writeln!(file, "{zero} = 0").unwrap();
            let path = file.path().to_str().unwrap();
            let error = load_from(&["--config", path]).unwrap_err().to_string();
            assert!(error.contains(zero), "{error}");
        }
        assert!(matches!(
            load_from(&["--config", "/nowhere/at/all"]),
            Err(ConfigError::Unreadable { .. })
        ));
        assert!(matches!(
            load_from(&["--listen", "here"]),
            Err(ConfigError::Usage(_))
        ));
    }
}
