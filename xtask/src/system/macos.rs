//! macOS: the web view comes with the system, the compiler with Xcode's command line tools, and what
//! servers of several nodes stand on with Homebrew.

use super::{Missing, Need};
use crate::command::answer;

/// Returns what is missing.
pub(super) fn missing(need: Need) -> Vec<Missing> {
    let mut missing = Vec::new();
    if answer("xcode-select", ["-p"]).is_none() {
        missing.push(Missing {
            what: "Xcode's command line tools".to_owned(),
            remedy: "xcode-select --install".to_owned(),
        });
    }
    if need != Need::Test {
        return missing;
    }
    if answer("initdb", ["--version"]).is_none() {
        missing.push(Missing {
            what: "PostgreSQL: there is no initdb on the PATH".to_owned(),
            // Homebrew keeps older versions off the PATH.
            remedy: "brew install postgresql@17 && \
                     export PATH=\"$(brew --prefix postgresql@17)/bin:$PATH\""
                .to_owned(),
        });
    }
    if answer("redis-server", ["--version"]).is_none() {
        missing.push(Missing {
            what: "Redis: there is no redis-server on the PATH".to_owned(),
            remedy: "brew install redis".to_owned(),
        });
    }
    missing
}
