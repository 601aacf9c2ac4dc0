//! The command line of `magpie-server`: what it takes, and one file for each of its commands.
//!
//! Every command takes the settings, before its name or after it, so that what looks at a server
//! from outside finds the same database as the server itself. Their help is shown where they
//! matter most: by the program and by `serve`; the other commands show those of `SHOWN`.

mod health;
mod serve;

use std::{ffi::OsString, process::ExitCode};

use clap::{
    CommandFactory as _, FromArgMatches as _,
    error::{ContextKind, ContextValue},
};

use crate::{
    admin::{self, Admin},
    backup::{self, Backup},
    config::{self, Config, ConfigError, Source},
    copy::{self, Copy},
    doctor::{self, Doctor},
};

/// The flags whose values may hold a password.
const SECRET: [&str; 4] = ["--database", "--bus", "--from", "--to"];

/// The settings that the help of each command shows.
const SHOWN: [&str; 3] = ["config", "data_dir", "database"];

/// Magpie's server: chat for you and the people you choose.
#[derive(Debug, clap::Parser)]
#[command(
    name = "magpie-server",
    version,
    after_help = "Every setting can also stand in the environment or, under the name of the \
                  variable without MAGPIE_ and in lower case, in the TOML file. Flags win over \
                  the environment, and that over the file."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    source: Source,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Runs the server until it is interrupted (the default)
    Serve,
    /// Looks after people, invitations and restored databases, whether the server runs or not
    Admin(Admin),
    /// Looks at all that the server needs, and says what is wrong and what helps
    Doctor(Doctor),
    /// Copies the database into one file, also while the server runs
    Backup(Backup),
    /// Moves everything from one database to another, such as from SQLite to PostgreSQL
    Copy(Copy),
    /// Says whether the server that runs with these settings is ready, and ends with 0 or 1
    Health,
}

/// Runs what the command line `args` asks for; its first entry is the program's name. Returns when
/// that is done, with what the process shall end with.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (command, config) = match parse(args) {
        Ok(parsed) => parsed,
        Err(usage) => usage.exit(),
    };
    carry_out(command, config).unwrap_or_else(|error| fail(&error))
}

fn carry_out(command: Command, config: Result<Config, ConfigError>) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => serve::run(config?),
        Command::Admin(admin) => admin::run(config?, admin),
        Command::Doctor(doctor) => doctor::run(config, doctor),
        Command::Backup(backup) => backup::run(&config?, &backup),
        Command::Copy(copy) => copy::run(&copy),
        Command::Health => health::run(config?),
    }
}

fn parse(
    args: impl IntoIterator<Item = OsString>,
) -> Result<(Command, Result<Config, ConfigError>), clap::Error> {
    let matches = command()
        .try_get_matches_from(args)
        .map_err(without_secrets)?;
    let line = CommandLine::from_arg_matches(&matches)?;
    let config = config::load(line.source, &matches);
    Ok((line.command.unwrap_or(Command::Serve), config))
}

/// Leaves out what was given where it may hold a password, whether on the command line or in the
/// environment: the complaint may end up in a log.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    let of_secret = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => SECRET.iter().any(|secret| {
            flag.strip_prefix(secret)
                .is_some_and(|rest| !rest.starts_with('-'))
        }),
        _ => false,
    };
    if of_secret {
        let hidden = ContextValue::String("…".into());
        error.insert(ContextKind::InvalidValue, hidden);
    }
    error
}

/// Returns the command line as clap knows it, with the settings taken by all commands.
fn command() -> clap::Command {
    let command = CommandLine::command();
    let settings: Vec<clap::Arg> = command
        .get_arguments()
        .map(|setting| setting.clone().global(true))
        .collect();
    command
        .mut_args(|arg| arg.global(true))
        .mut_subcommands(|command| match command.get_name() {
            "serve" => command,
            _ => quiet(command, &settings),
        })
}

/// Gives a command and those below it the settings, most of them without help. clap hands down
/// only those that a command does not have itself.
fn quiet(command: clap::Command, settings: &[clap::Arg]) -> clap::Command {
    let hidden = settings.iter().map(|setting| {
        let shown = SHOWN.contains(&setting.get_id().as_str());
        setting.clone().hide(!shown)
    });
    command
        .args(hidden)
        .mut_subcommands(|command| quiet(command, settings))
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // The log may not have started; whoever started the program reads this.
    eprintln!("magpie-server: {error:#}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::config::WhoRegisters;

    fn parse_config(args: &[&str]) -> Result<Config, ConfigError> {
        let args = ["magpie-server"].iter().chain(args);
        parse(args.map(OsString::from))?.1
    }

    fn file(text: &str) -> (tempfile::NamedTempFile, String) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        (file, path)
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn nothing_needs_to_be_said() {
        assert_eq!(parse_config(&[]).unwrap(), Config::default());
        assert_eq!(parse_config(&["serve"]).unwrap(), Config::default());
    }

    #[test]
    fn flags_win_over_the_file_wherever_they_stand() {
        let (_file, path) =
            file("name = \"From file\"\nlisten = \"127.0.0.1:1\"\nregistration = \"closed\"");
        for args in [
            &["serve", "--config", &path, "--listen", "127.0.0.1:2"][..],
            &["--config", &path, "--listen", "127.0.0.1:2"],
            &["--config", &path, "serve", "--listen", "127.0.0.1:2"],
        ] {
            let config = parse_config(args).unwrap();
            assert_eq!(config.name, "From file");
            assert_eq!(config.listen.port(), 2);
            assert_eq!(config.registration, WhoRegisters::Closed);
        }
    }

    #[test]
    fn mistakes_are_named() {
        let (_file, path) = file("lisen = \"127.0.0.1:1\"");
        let error = parse_config(&["--config", &path]).unwrap_err().to_string();
        assert!(error.contains("lisen"), "{error}");
        let (_file, path) = file("name = \"a\"\ndatabase = \"postgres://me:s3cret@host:port/x\"");
        let error = parse_config(&["--config", &path]).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        for args in [
            &["--database", "postgres://me:s3cret@host:port/x"][..],
            &["serve", "--bus=redis://:s3cret@host:port"],
            &["copy", "--from", "sqlite:x", "--to", "mysql://:s3cret@host"],
        ] {
            let error = parse_config(args).unwrap_err().to_string();
            assert!(error.contains("not the address"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        for zero in ["heartbeat_seconds", "access_token_seconds"] {
            let (_file, path) = file(&format!("{zero} = 0\n"));
            let error = parse_config(&["--config", &path]).unwrap_err().to_string();
            assert!(error.contains(zero), "{error}");
        }
        assert!(matches!(
            parse_config(&["--config", "/nowhere/at/all"]),
            Err(ConfigError::Unreadable { .. })
        ));
        assert!(matches!(
            parse_config(&["--listen", "here"]),
            Err(ConfigError::Usage(_))
        ));
    }
}
