//! Answers, for people and for programs.

use std::io::{self, Write as _};

use magpie_protocol::Timestamp;
use serde::Serialize;
use time::UtcDateTime;

/// Prints a text.
pub(super) fn text(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// Prints a value for programs.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    text(&serde_json::to_string_pretty(value)?)?;
    Ok(())
}

/// Returns rows with their columns one below the other. The last column is as long as it wants to
/// be: what people call themselves belongs there.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize, head: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max();
        widest.unwrap_or(0).max(head.chars().count())
    };
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, head)| width(column, head))
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(
        rows.iter()
            .map(|row| line(&mut row.iter().map(String::as_str))),
    );
    lines.join("\n")
}

/// Returns a time to the minute, or a dash.
pub(super) fn time(time: Option<Timestamp>) -> String {
    time.and_then(|time| UtcDateTime::from_unix_timestamp(time.0.div_euclid(1_000)).ok())
        .map_or_else(
            || "-".to_owned(),
            |time| {
                format!(
                    "{:04}-{:02}-{:02} {:02}:{:02} UTC",
                    time.year(),
                    u8::from(time.month()),
                    time.day(),
                    time.hour(),
                    time.minute()
                )
            },
        )
}

/// Returns a text of somebody else without what would move the cursor or hide other text.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() || turns(letter) {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

/// Tells whether a letter changes the direction in which those after it are written.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [
            vec!["1".to_owned(), "alice".to_owned(), "Alice".to_owned()],
            vec!["10000".to_owned(), "bo".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["number", "name", "nickname"], &rows),
            "number  name   nickname\n1       alice  Alice\n10000   bo"
        );
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(
            time(Some(Timestamp(1_795_337_999_000))),
            "2026-11-22 08:59 UTC"
        );
        assert_eq!(time(None), "-");
    }

    #[test]
    fn names_do_not_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\n喜鹊"), "a\u{fffd}[2Jb\u{fffd}喜鹊");
        assert_eq!(harmless("gnp.\u{202e}exe"), "gnp.\u{fffd}exe");
    }
}
