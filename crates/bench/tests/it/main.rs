//! Each workload once, small: whether it runs, loses nothing and writes its result. Nothing about
//! how fast it is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::process::Command;

use serde_json::Value;

/// Runs a workload on the server that is inside the program, and returns its result.
fn run(workload: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_magpie-bench"))
        .args([workload, "--quick", "--server", "own", "--out"])
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "{workload} failed");
    let path = folder.path().join(format!("{workload}-sqlite.json"));
    let result: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(result["faults"], Value::Array(vec![]));
    assert_eq!(result["quick"], true);
    result
}

fn figure(result: &Value, name: &str) -> f64 {
    let figures = result["figures"].as_array().unwrap();
    let figure = figures.iter().find(|figure| figure["name"] == name);
    assert!(figure.is_some(), "no figure {name}");
    figure.unwrap()["value"].as_f64().unwrap()
}

#[test]
fn pairs_lose_double_and_reorder_nothing() {
    let result = run("pairs");
    for name in [
        "durable",
        "delivered",
        "send to receipt, p99",
        "bare SQL, 64 together",
    ] {
        assert!(figure(&result, name) > 0.0, "{name}");
    }
}

#[test]
fn paced_sends_all() {
    assert!(figure(&run("paced"), "send to receipt, p99") > 0.0);
}

#[test]
fn a_group_hears_all() {
    let result = run("group");
    assert!(figure(&result, "deliveries") > 0.0);
    assert!(figure(&result, "send to the last member, p50") > 0.0);
}

#[test]
fn the_idle_come_back_after_a_restart() {
    let result = run("idle");
    assert!(figure(&result, "memory per socket (RSS)") > 0.0);
    assert!(figure(&result, "restart: tries to connect, each") >= 1.0);
    assert!(figure(&result, "sign-ins") > 0.0);
}

#[test]
fn who_was_away_gets_everything() {
    let result = run("catch-up");
    let list = figure(&result, "start to a right list");
    assert!(list > 0.0 && figure(&result, "start to everything stored") >= list);
}
