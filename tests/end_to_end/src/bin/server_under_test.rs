//! A server that a test kills: `server_under_test FOLDER ADDRESS`. Says on its first line where it
//! listens.

use std::{io::Write as _, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(listen)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    let Ok(listen) = listen.parse() else {
        return ExitCode::from(2);
    };
    let config = magpie_tests_end_to_end::server_config(folder.into(), listen);
    let clock = magpie_tests_end_to_end::TestClock::default();
    match magpie_tests_end_to_end::serve(config, clock).await {
        Ok(server) => {
            let mut out = std::io::stdout();
            let told = writeln!(out, "{}", server.local_addr()).and_then(|()| out.flush());
            if told.is_err() {
                return ExitCode::FAILURE;
            }
            std::future::pending::<ExitCode>().await
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
