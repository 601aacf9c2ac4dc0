//! CHANGELOG.md: what is said about each version, and the section that a new one begins with.

use anyhow::{Context as _, Result, bail, ensure};

/// What stands above everything that no version has yet.
const UNRELEASED: &str = "Unreleased";

/// What the changelog says about one version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section<'a> {
    /// The version, or `Unreleased`.
    pub(super) name: &'a str,
    /// When it was released, as `2026-12-01`.
    pub(super) date: Option<&'a str>,
    /// All below the heading, as Markdown.
    pub(super) text: &'a str,
}

/// Returns the sections in the order of the file.
pub(super) fn sections(changelog: &str) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    let mut rest = changelog;
    while let Some((heading, below)) = next_heading(rest) {
        let (name, date) = match heading.split_once("] - ") {
            Some((name, date)) => (name, Some(date.trim())),
            None => (heading.trim_end().trim_end_matches(']'), None),
        };
        let text = below
            .split_once("\n## [")
            .map_or_else(|| without_links(below), |(text, _)| text);
        found.push(Section {
            name,
            date,
            text: text.trim(),
        });
        rest = below;
    }
    found
}

/// Returns what follows `## [` in the next heading, and what follows that line.
fn next_heading(text: &str) -> Option<(&str, &str)> {
    let below = match text.strip_prefix("## [") {
        Some(below) => below,
        None => text.split_once("\n## [")?.1,
    };
    Some(below.split_once('\n').unwrap_or((below, "")))
}

/// The addresses that headings point to stand at the end of the file, and belong to no section.
fn without_links(text: &str) -> &str {
    text.find("\n[")
        .map_or(text, |at| text.get(..at).unwrap_or(text))
}

/// Returns what is said about a version that is released.
///
/// # Errors
/// When there is no section for it, or one without a date or a word.
pub(super) fn of_release<'a>(changelog: &'a str, version: &str) -> Result<Section<'a>> {
    let section = sections(changelog)
        .into_iter()
        .find(|section| section.name == version)
        .with_context(|| {
            format!(
                "CHANGELOG.md has no section for {version}: \
                 `cargo xtask release prepare {version} DATE` makes one"
            )
        })?;
    ensure!(
        section.date.is_some_and(is_date),
        "the section for {version} in CHANGELOG.md has no date"
    );
    ensure!(
        !section.text.is_empty(),
        "the section for {version} in CHANGELOG.md is empty"
    );
    Ok(section)
}

/// Returns what there is to say about a build that is no release.
pub(super) fn of_trial<'a>(changelog: &'a str, version: &str) -> &'a str {
    let sections = sections(changelog);
    [UNRELEASED, version]
        .iter()
        .find_map(|name| sections.iter().find(|section| section.name == *name))
        .map_or("", |section| section.text)
}

/// Returns the changelog in which all that is unreleased has become a version.
///
/// # Errors
/// When nothing is unreleased, the version is there already, or the date is none.
pub(super) fn released(changelog: &str, version: &str, date: &str) -> Result<String> {
    ensure!(is_date(date), "{date} is no date; write it as 2026-12-01");
    let sections = sections(changelog);
    if sections.iter().any(|section| section.name == version) {
        bail!("CHANGELOG.md has a section for {version} already");
    }
    let unreleased = sections
        .iter()
        .find(|section| section.name == UNRELEASED)
        .context("CHANGELOG.md has no section [Unreleased]")?;
    ensure!(
        !unreleased.text.is_empty(),
        "nothing is unreleased in CHANGELOG.md"
    );
    let heading = format!("## [{UNRELEASED}]\n");
    let both = format!("{heading}\n## [{version}] - {date}\n");
    let (before, after) = changelog
        .split_once(&heading)
        .context("CHANGELOG.md has no heading [Unreleased]")?;
    let link = "\n[Unreleased]: ";
    let (after, address) = after
        .split_once(link)
        .context("CHANGELOG.md does not say where [Unreleased] is")?;
    let (project, _) = address
        .split_once("/compare/")
        .or_else(|| address.split_once("/commits/"))
        .context("the address of [Unreleased] in CHANGELOG.md is not one of commits")?;
    let (_, others) = address.split_once('\n').unwrap_or((address, ""));
    Ok(format!(
        "{before}{both}{after}{link}{project}/compare/v{version}...main\n\
         [{version}]: {project}/releases/tag/v{version}\n{others}"
    ))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let number = |text: &str, digits| match text.len() == digits {
        true => text.parse::<u32>().ok(),
        false => None,
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Changelog\n\nWhat people notice.\n\n## [Unreleased]\n\n### Added\n\n- Links.\n\n\
        ## [0.2.0] - 2026-12-01\n\n- A tray.\n\n## [0.1.0] - 2026-11-01\n\n- All of it.\n\n\
        [Unreleased]: https://example.org/compare/v0.2.0...main\n\
        [0.2.0]: https://example.org/releases/tag/v0.2.0\n";

    #[test]
    fn each_version_has_its_own_words() {
        let sections = sections(TEXT);
        let names: Vec<_> = sections.iter().map(|one| (one.name, one.date)).collect();
        assert_eq!(
            names,
            [
                ("Unreleased", None),
                ("0.2.0", Some("2026-12-01")),
                ("0.1.0", Some("2026-11-01"))
            ]
        );
        let words: Vec<_> = sections.iter().map(|one| one.text).collect();
        assert_eq!(
            words,
            ["### Added\n\n- Links.", "- A tray.", "- All of it."]
        );
    }

    #[test]
    fn a_release_is_only_what_has_a_date_and_words() {
        assert_eq!(of_release(TEXT, "0.2.0").unwrap().text, "- A tray.");
        for bad in [
            "## [0.3.0]\n\n- Nothing dated.\n",
            "## [0.3.0] - soon\n\n- Nothing dated.\n",
            "## [0.3.0] - 2026-12-01\n\n## [0.2.0] - 2026-11-01\n\n- Of before.\n",
            TEXT,
        ] {
            assert!(of_release(bad, "0.3.0").is_err(), "{bad}");
        }
        assert_eq!(of_trial(TEXT, "0.3.0"), "### Added\n\n- Links.");
    }

    #[test]
    fn what_is_unreleased_becomes_a_version() {
        let text = released(TEXT, "0.3.0", "2026-12-24").unwrap();
        let section = of_release(&text, "0.3.0").unwrap();
        assert_eq!(section.text, "### Added\n\n- Links.");
        assert_eq!(of_trial(&text, "0.4.0"), "");
        assert!(text.contains("[Unreleased]: https://example.org/compare/v0.3.0...main\n"));
        assert!(text.contains("[0.3.0]: https://example.org/releases/tag/v0.3.0\n"));
        assert!(text.ends_with("[0.2.0]: https://example.org/releases/tag/v0.2.0\n"));

        for (version, date) in [("0.2.0", "2026-12-24"), ("0.3.0", "24.12.2026")] {
            assert!(released(TEXT, version, date).is_err());
        }
        assert!(released(&text, "0.4.0", "2026-12-25").is_err());
    }

    #[test]
    fn ours_can_be_read() {
        let ours = std::fs::read_to_string(crate::checkout::root().join("CHANGELOG.md")).unwrap();
        assert!(!sections(&ours).is_empty());
        assert!(
            released(&ours, "1000.0.0", "2026-12-24").is_ok() || of_trial(&ours, "").is_empty()
        );
    }
}
