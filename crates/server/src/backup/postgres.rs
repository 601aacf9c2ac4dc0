//! What to do where the database is PostgreSQL, whose own tool makes better copies than we could.

use std::path::Path;

/// Returns the words for the operator, with the command. `url` holds no password.
pub(super) fn advice(url: &str, to: &Path) -> String {
    let (url, to) = (quoted(url), quoted(&to.display().to_string()));
    format!(
        "The database is PostgreSQL, which makes consistent copies itself, also while servers run. \
         Run:\n\n    pg_dump --format=custom --file={to} --dbname={url}\n\n\
         The password is asked for, or taken from PGPASSWORD or ~/.pgpass. To put the copy into an \
         empty database: pg_restore --no-owner --dbname=URL {to}"
    )
}

/// Quotes a text for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted() {
        let advice = advice(
            "postgres://magpie@db/magpie?sslmode=require",
            Path::new("it's.dump"),
        );
        let command = "pg_dump --format=custom --file='it'\\''s.dump' \
                       --dbname='postgres://magpie@db/magpie?sslmode=require'\n";
        assert!(advice.contains(command), "{advice}");
    }
}
