//! Windows: Microsoft's C++ tools, the WebView2 runtime, and Perl for the bundled OpenSSL.

use std::{env, path::PathBuf};

use super::{Missing, Need};
use crate::command::answer;

/// WebView2's own number, under which its version is kept.
const WEBVIEW2: &str = r"Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}";

/// Returns what is missing.
pub(super) fn missing(need: Need) -> Vec<Missing> {
    let mut missing = Vec::new();
    if !has_msvc() {
        missing.push(Missing {
            what: "Visual Studio's build tools with the C++ workload".to_owned(),
            remedy: "winget install Microsoft.VisualStudio.2022.BuildTools --override \
                     \"--wait --passive --add Microsoft.VisualStudio.Workload.VCTools \
                     --includeRecommended\""
                .to_owned(),
        });
    }
    if need == Need::Server {
        return missing;
    }
    if !has_webview2() {
        missing.push(Missing {
            what: "the WebView2 runtime".to_owned(),
            remedy: "winget install Microsoft.EdgeWebView2Runtime".to_owned(),
        });
    }
    if !has_perl() {
        missing.push(Missing {
            what: "a Perl for Windows, which builds the bundled OpenSSL; that of Git will not do"
                .to_owned(),
            remedy: "winget install StrawberryPerl.StrawberryPerl, and where another perl comes \
                     first, set OPENSSL_SRC_PERL to the path of its perl.exe"
                .to_owned(),
        });
    }
    missing
}

/// Whether the Perl that OpenSSL's build chooses is one for Windows: that of Git's Bash or of Cygwin
/// has other paths.
fn has_perl() -> bool {
    let named = ["OPENSSL_SRC_PERL", "PERL"]
        .into_iter()
        .find_map(|name| env::var(name).ok());
    let perl = named.unwrap_or_else(|| "perl".to_owned());
    answer(&perl, ["-e", "print $^O"]).is_some_and(|system| system == "MSWin32")
}

fn has_msvc() -> bool {
    let Some(programs) = env::var_os("ProgramFiles(x86)") else {
        return false;
    };
    let vswhere = PathBuf::from(programs).join(r"Microsoft Visual Studio\Installer\vswhere.exe");
    let tools = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64";
    answer(
        &vswhere.to_string_lossy(),
        [
            "-products",
            "*",
            "-requires",
            tools,
            "-property",
            "installationPath",
        ],
    )
    .is_some_and(|path| !path.is_empty())
}

fn has_webview2() -> bool {
    [
        r"HKLM\SOFTWARE\WOW6432Node",
        r"HKLM\SOFTWARE",
        r"HKCU\Software",
    ]
    .into_iter()
    .any(|hive| answer("reg", ["query", &format!(r"{hive}\{WEBVIEW2}"), "/v", "pv"]).is_some())
}
