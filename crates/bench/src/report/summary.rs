//! The tables in `docs/benchmarks.md`.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{Report, results, table, workspace};

const BEGIN: &str = "<!-- bench:";
const END: &str = "<!-- /bench -->";

/// Which results go where.
#[derive(clap::Args)]
pub(crate) struct SummaryArgs {
    /// The folder of the results.
    #[arg(long, value_name = "FOLDER", default_value_os_t = results())]
    out: PathBuf,
    /// The folder of earlier results, for a column beside the present ones.
    #[arg(long, value_name = "FOLDER", default_value_os_t = results().join("before"))]
    before: PathBuf,
    /// The document.
    #[arg(long, value_name = "FILE", default_value_os_t = workspace().join("docs/benchmarks.md"))]
    document: PathBuf,
}

/// Writes each table of the document anew for which there is a result; the others stay. A table
/// stands between `<!-- bench:pairs-sqlite -->` and `<!-- /bench -->`.
///
/// # Errors
/// When a file cannot be read or written, or a mark has no end.
pub(crate) fn summary(args: &SummaryArgs) -> Result<()> {
    let path = &args.document;
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let fresh = replace(&text, |name| {
        let file = format!("{name}.json");
        let Some(report) = Report::read(&args.out.join(&file))?.filter(|report| !report.quick)
        else {
            return Ok(None);
        };
        let before = Report::read(&args.before.join(&file))?;
        Ok(Some(table::markdown(&report, before.as_ref())))
    })?;
    fs::write(path, fresh).with_context(|| format!("cannot write {}", path.display()))
}

fn replace(text: &str, render: impl Fn(&str) -> Result<Option<String>>) -> Result<String> {
    let mut fresh = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let Some((name, after)) = after.split_once(" -->") else {
            bail!("a mark is not closed");
        };
        let Some((old, after)) = after.split_once(END) else {
            bail!("the table {name} has no end");
        };
        fresh.push_str(before);
        fresh.push_str(&format!("{BEGIN}{name} -->"));
        match render(name)? {
            Some(table) => fresh.push_str(&format!("\n\n{table}\n")),
            None => fresh.push_str(old),
        }
        fresh.push_str(END);
        rest = after;
    }
    fresh.push_str(rest);
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tables_with_a_result_are_written_anew() {
        let text =
            "a\n<!-- bench:one -->\nold\n<!-- /bench -->\nb <!-- bench:two -->x<!-- /bench -->c";
        let fresh = replace(text, |name| Ok((name == "one").then(|| "new".to_owned()))).unwrap();
        assert_eq!(
            fresh,
            "a\n<!-- bench:one -->\n\nnew\n<!-- /bench -->\nb <!-- bench:two -->x<!-- /bench -->c"
        );
        assert!(replace("<!-- bench:one -->", |_| Ok(None)).is_err());
    }
}
