//! Where the settings come from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, parser::ValueSource};
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

/// The settings of a command line and of the environment, and the file that they name.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// TOML file with settings
    #[arg(long, env = "MAGPIE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Config,
}

/// Puts the settings together: what `matches`, from which `source` was read, were given wins over
/// the file, and that over the defaults.
///
/// # Errors
/// See [`ConfigError`].
pub fn load(source: Source, matches: &ArgMatches) -> Result<Config, ConfigError> {
    let Some(path) = source.config else {
        return Ok(source.settings);
    };
    let mut settings = read(&path)?;
    let invalid = |message: String| ConfigError::Invalid {
        path: path.clone(),
        message,
    };
    let given = Table::try_from(&source.settings).map_err(|error| invalid(error.to_string()))?;
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
            message: explain(&text, &error),
        })
}

/// Says what is wrong, and in which line. The line itself is not shown: a password may stand in it.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let place = error.span().and_then(|span| text.get(..span.start));
    match place {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {}", error.message())
        }
        None => error.message().to_owned(),
    }
}
