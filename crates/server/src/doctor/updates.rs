//! Whether the updates for this server's people can be had.

use super::report::Report;
use crate::{config::Config, updates::Folder};

const PART: &str = "updates";

pub(super) async fn look(config: &Config, report: &mut Report) {
    let Some(path) = config.updates_dir.clone() else {
        return;
    };
    let folder = Folder::new(path);
    match folder.offered().await {
        Ok(Some((version, packages))) => report.ok(
            PART,
            format!("version {version} is offered, for {packages} systems"),
        ),
        Ok(None) => report.warning(
            PART,
            "the folder is there, and no `latest.json` is in it",
            "put a release's `latest.json` and the packages that it names into it",
        ),
        Err(error) => report.problem(
            PART,
            error.to_string(),
            "let the server's user read the folder, and put `latest.json` and all packages that it \
             names into it",
        ),
    }
}
