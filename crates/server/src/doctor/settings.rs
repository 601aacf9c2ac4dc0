//! Whether the settings make sense.

use super::report::Report;
use crate::config::{Config, WhoRegisters};

const PART: &str = "settings";

/// What OWASP asks of Argon2id at least.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// An access token that is stolen is good for as long.
const LONG_ACCESS_SECONDS: u32 = 24 * 60 * 60;

pub(super) fn look(config: &Config, report: &mut Report) {
    report.ok(PART, "can be read, and no setting is unknown");
    let public = !config.listen.ip().is_loopback();
    if public && !config.behind_proxy {
        report.warning(
            PART,
            format!(
                "the server speaks plain HTTP on {}, which others can reach",
                config.listen
            ),
            "put a proxy with TLS in front of it, let it listen on 127.0.0.1, and say \
             `behind_proxy = true`",
        );
    }
    if public && config.registration == WhoRegisters::Open {
        report.warning(
            PART,
            "everybody who reaches the server can make an account",
            "say `registration = \"invitation\"` or `\"closed\"` if that is not wanted",
        );
    }
    if let Some(metrics) = config.metrics
        && !metrics.ip().is_loopback()
    {
        report.warning(
            PART,
            format!("whoever reaches {metrics} can read the server's figures"),
            "let only your Prometheus reach it, or listen on 127.0.0.1",
        );
    }
    if config.argon2_memory_kib < MEMORY_KIB || config.argon2_passes < PASSES {
        report.warning(
            PART,
            "passwords are hashed more cheaply than is recommended",
            format!(
                "leave argon2_memory_kib at {MEMORY_KIB} or more and argon2_passes at {PASSES} or \
                 more"
            ),
        );
    }
    if config.access_token_seconds > LONG_ACCESS_SECONDS {
        report.warning(
            PART,
            "access tokens are taken for more than a day",
            "leave access_token_seconds at a few minutes; clients refresh them by themselves",
        );
    }
    if config.refresh_token_seconds <= config.access_token_seconds {
        report.warning(
            PART,
            "devices are signed out before their access token has run out",
            "make refresh_token_seconds much longer than access_token_seconds",
        );
    }
    if config.bus.is_some() && !config.is_shared() {
        report.warning(
            PART,
            "there is a bus to other nodes, but the database is a file that none can share",
            "say `database = \"postgres://…\"`, or leave the bus out",
        );
    }
    if config.advertise.is_some() && config.bus.is_none() {
        report.warning(
            PART,
            "`advertise` has no effect without a bus",
            "say `bus = \"redis://…\"`, or leave `advertise` out",
        );
    }
}
