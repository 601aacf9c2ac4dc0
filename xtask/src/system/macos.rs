//! macOS: the web view comes with the system, the compiler with Xcode's command line tools.

use super::Missing;
use crate::command::answer;

/// Returns what is missing.
pub(super) fn missing() -> Vec<Missing> {
    if answer("xcode-select", ["-p"]).is_some() {
        return Vec::new();
    }
    vec![Missing {
        what: "Xcode's command line tools".to_owned(),
        remedy: "xcode-select --install".to_owned(),
    }]
}
