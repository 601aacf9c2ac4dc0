//! What the doctor finds.

use std::{fs, net::TcpListener};

use serde_json::Value;

use crate::program::{Place, said, text_of};

struct Visit {
    well: bool,
    code: Option<i32>,
    findings: Vec<Value>,
}

fn visit(place: &Place, args: &[&str]) -> Visit {
    let output = place.run(&[&["doctor", "--json"], args].concat());
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", said(&output.stderr)));
    Visit {
        well: answer["well"].as_bool().unwrap(),
        code: output.status.code(),
        findings: answer["findings"].as_array().unwrap().clone(),
    }
}

impl Visit {
    fn found(&self, part: &str, level: &str, words: &str) {
        let found = self.findings.iter().any(|finding| {
            finding["part"] == part
                && finding["level"] == level
                && finding["words"].as_str().unwrap().contains(words)
        });
        assert!(
            found,
            "no {level} of {part} saying {words:?} in {:#?}",
            self.findings
        );
        let helps = |finding: &Value| finding["level"] == "ok" || finding["help"].is_string();
        assert!(self.findings.iter().all(helps), "{:#?}", self.findings);
        let problems = self
            .findings
            .iter()
            .any(|finding| finding["level"] == "problem");
        assert_eq!(self.well, !problems);
        assert_eq!(self.code, Some(i32::from(problems)));
    }
}

#[test]
fn before_the_first_start_all_is_well_and_nothing_is_made() {
    let place = Place::new();
    let visit = visit(&place, &[]);
    visit.found("data folder", "ok", "can be made");
    visit.found("database", "ok", "the first start makes it");
    visit.found("clock", "ok", "evenly");
    assert!(visit.well, "{:#?}", visit.findings);
    assert!(!place.folder().exists());
}

#[test]
fn beside_a_running_server_all_is_well() {
    let place = Place::new();
    let running = place.serve(&[]);
    let listen = running.address.to_string();
    let beside = visit(&place, &["--listen", &listen]);
    beside.found("data folder", "ok", "a server is running on it");
    beside.found("database", "ok", "the file is whole");
    beside.found("database", "ok", "is of this version");
    beside.found("database", "ok", "can be written to");
    beside.found("port", "ok", "is used by the server \"Magpie\"");
    assert!(beside.well, "{:#?}", beside.findings);
    drop(running);
    visit(&place, &[]).found("data folder", "ok", "no server uses it");
    let text = place.text(&["doctor"]);
    assert!(
        text.lines()
            .any(|line| line.starts_with("ok       database")),
        "{text}"
    );
}

#[test]
fn wrong_settings_are_named() {
    let place = Place::new();
    let file = place.file("magpie.toml");
    fs::write(&file, "lisen = \"127.0.0.1:1\"\n").unwrap();
    let wrong = visit(&place, &["--config", text_of(&file)]);
    wrong.found("settings", "problem", "lisen");
    assert_eq!(wrong.findings.len(), 1);

    fs::write(
        &file,
        "listen = \"0.0.0.0:0\"\naccess_token_seconds = 1000000\n",
    )
    .unwrap();
    let mut command = place.command(&["doctor", "--json", "--config", text_of(&file)]);
    let output = command.env_remove("MAGPIE_LISTEN").output().unwrap();
    let answer = said(&output.stdout);
    for words in [
        "plain HTTP",
        "everybody who reaches",
        "hashed more cheaply",
        "more than a day",
    ] {
        assert!(answer.contains(words), "{words}: {answer}");
    }
    assert_eq!(output.status.code(), Some(0), "warnings are no problems");
}

#[test]
fn a_database_elsewhere_is_looked_at_where_it_is() {
    let place = Place::new();
    let database = format!("sqlite:{}", place.file("elsewhere/chat.db").display());
    let args = ["--database", database.as_str()];
    visit(&place, &args).found("data folder", "ok", "elsewhere is not there yet");
    let running = place.serve(&args);
    let beside = visit(&place, &args);
    beside.found("data folder", "ok", "a server is running on it");
    beside.found("database", "ok", "can be written to");
    drop(running);
    let away = visit(
        &place,
        &["--database", "postgres://me:s3cret@127.0.0.1:1/x"],
    );
    away.found("database", "problem", "127.0.0.1:1/x cannot be reached");
    assert!(!format!("{:?}", away.findings).contains("s3cret"));
    let folder = |finding: &Value| finding["part"] == "data folder";
    assert!(!away.findings.iter().any(folder), "it is not used");
}

#[test]
fn a_taken_port_is_a_problem() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let taken = visit(&place, &["--listen", &address, "--metrics", &address]);
    taken.found("port", "problem", "another program listens");
    taken.found("port", "problem", "for people and for figures");
    visit(&place, &["--listen", "192.0.2.1:8008"]).found("port", "problem", "not an address");
}

#[test]
fn a_damaged_and_a_newer_database_are_problems() {
    let place = Place::new();
    drop(place.serve(&[]));
    let path = place.folder().join("magpie.db");
    // A server that was killed leaves a log, which a reader empties.
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute(
            "INSERT INTO migrations (name) VALUES ('29990101000000_from_the_future')",
            [],
        )
        .unwrap();
    database
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(database);
    visit(&place, &[]).found("database", "problem", "29990101000000_from_the_future");

    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute("DELETE FROM migrations WHERE name LIKE '2999%'", [])
        .unwrap();
    database
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(database);
    assert!(visit(&place, &[]).well);
    // Pages that nothing else lies on, so that the rest can be read.
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE filling (content BLOB);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100)
             INSERT INTO filling SELECT randomblob(3000) FROM n;",
        )
        .unwrap();
    database
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(database);
    let mut bytes = fs::read(&path).unwrap();
    let from = bytes.len() - 3 * 4_096;
    bytes[from..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    visit(&place, &[]).found("database", "problem", "damaged");
}

#[cfg(unix)]
#[test]
fn secrets_that_others_can_read_are_a_problem() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    drop(place.serve(&[]));
    let path = place.folder().join("magpie.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    visit(&place, &[]).found("data folder", "problem", "others on this machine can read");
}

#[test]
fn a_bus_that_is_away_is_a_problem() {
    let place = Place::new();
    let away = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://:secret@{}", away.local_addr().unwrap());
    drop(away);
    let lonely = visit(&place, &["--bus", &url]);
    lonely.found("bus", "problem", "cannot be used");
    lonely.found("settings", "warning", "a file that none can share");
    let shown = format!("{:?}", lonely.findings);
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn updates_that_cannot_be_had_are_a_problem() {
    let place = Place::new();
    let updates = tempfile::tempdir().unwrap();
    let folder = updates.path().to_str().unwrap();
    let look = || visit(&place, &["--updates-dir", folder]);
    look().found("updates", "warning", "no `latest.json`");
    let manifest = r#"{"version":"0.2.0","platforms":{
        "linux-x86_64":{"url":"Magpie.AppImage","signature":"x"},
        "windows-x86_64":{"url":"https://packages.example/x.exe","signature":"x"}}}"#;
    fs::write(updates.path().join("latest.json"), manifest).unwrap();
    look().found("updates", "problem", "Magpie.AppImage");
    fs::write(updates.path().join("Magpie.AppImage"), "whole").unwrap();
    look().found("updates", "ok", "version 0.2.0 is offered, for 2 systems");
    fs::write(updates.path().join("latest.json"), "{}").unwrap();
    look().found("updates", "problem", "is not a manifest of updates");
    let nowhere = visit(&place, &["--updates-dir", "/nowhere/at/all"]);
    nowhere.found("updates", "problem", "there is no folder");
}
