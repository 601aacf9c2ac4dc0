//! Tables.

use super::{Figure, Report, figure::number};

const HEAD: [&str; 5] = ["figure", "value", "floor", "ratio", "budget"];

/// Draws a report for a terminal.
pub(super) fn plain(report: &Report) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(report.figures.iter().map(row));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = format!("{}  ({})\n", report.name, counts(report));
    for row in &rows {
        let mut line = String::from(" ");
        for (nth, (cell, width)) in row.iter().zip(widths).enumerate() {
            let gap = " ".repeat(width - cell.chars().count());
            // Names to the left, numbers to the right.
            let cell = if nth == 0 {
                format!(" {cell}{gap}")
            } else {
                format!("  {gap}{cell}")
            };
            line.push_str(&cell);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for fault in &report.faults {
        text.push_str(&format!("  WRONG: {fault}\n"));
    }
    text
}

/// Draws a report in Markdown, beside an earlier one where there is one.
pub(super) fn markdown(report: &Report, before: Option<&Report>) -> String {
    let mut head: Vec<&str> = HEAD.to_vec();
    if before.is_some() {
        head.splice(1..2, ["before", "now"]);
    }
    let mut text = format!("| {} |\n|", head.join(" | "));
    for nth in 0..head.len() {
        text.push_str(if nth == 0 { " --- |" } else { " ---: |" });
    }
    text.push('\n');
    for figure in &report.figures {
        let mut cells = row(figure).to_vec();
        if let Some(before) = before {
            let earlier = before
                .figures
                .iter()
                .find(|earlier| earlier.name == figure.name);
            cells.insert(1, earlier.map_or_else(String::new, value));
        }
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text.push_str(&format!(
        "\n{}. {}.\n",
        capitalised(&counts(report)),
        report.machine.line()
    ));
    if let Some(before) = before {
        text.push_str(&format!("Before: commit {}.\n", before.machine.commit));
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn counts(report: &Report) -> String {
    let counts = report.counts.iter().map(|(what, count)| {
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let count = number(*count as f64);
        format!("{what}: {count}")
    });
    let mut counts: Vec<_> = counts.collect();
    if report.quick {
        counts.push("quick: not a measurement".to_owned());
    }
    counts.join(", ")
}

fn value(figure: &Figure) -> String {
    format!("{} {}", number(figure.value), figure.unit)
        .trim_end()
        .to_owned()
}

fn row(figure: &Figure) -> [String; 5] {
    let budget = figure.budget.map_or_else(String::new, |budget| {
        let mark = match figure.keeps() {
            Some(true) => " ✓",
            Some(false) => " ✗",
            None => "",
        };
        format!("{budget}{mark}")
    });
    [
        figure.name.clone(),
        value(figure),
        figure.floor.map_or_else(String::new, number),
        figure
            .ratio()
            .map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        budget,
    ]
}
