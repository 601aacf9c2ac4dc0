//! The program `magpie-server`.

use std::process::ExitCode;

fn main() -> ExitCode {
    magpie_server::cli::run(std::env::args_os())
}
