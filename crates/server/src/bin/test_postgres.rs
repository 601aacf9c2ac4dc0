//! Runs a private PostgreSQL that several test processes share, for as long as its input stays
//! open. Says on its first line under which URL; tests take it from the environment.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(unix)]
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
    #[cfg(not(unix))]
    {
        eprintln!("PostgreSQL is started for tests on Unix only");
        ExitCode::FAILURE
    }
}

#[cfg(unix)]
fn run() -> Result<(), magpie_server::testing::PostgresError> {
    use std::io::{self, Read as _, Write as _};

    let postgres = magpie_server::testing::Postgres::start()?;
    let mut out = io::stdout();
    writeln!(out, "{}", postgres.url())?;
    out.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
