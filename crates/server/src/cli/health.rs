//! `health`: one word for whoever watches the server from outside, such as a container's runtime.

use std::process::ExitCode;

use crate::{config::Config, doctor};

/// Asks the server that runs with these settings whether requests are welcome. The program ends with
/// 0 where they are, otherwise with 1.
#[tokio::main(flavor = "current_thread")]
pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let ready = doctor::is_ready(config.listen).await;
    println!("{}", if ready { "ready" } else { "not ready" });
    Ok(match ready {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
