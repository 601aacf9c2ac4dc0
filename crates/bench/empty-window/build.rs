//! Embeds the page.

use std::process::ExitCode;

use tauri_build::Attributes;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=page");
    // There are none. By default their folder would be watched, and one that is not there has always
    // changed, so that each build would make this program anew.
    let attributes = Attributes::new().capabilities_path_pattern("capabilities/*.json");
    match tauri_build::try_build(attributes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
