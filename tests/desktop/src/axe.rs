//! Whether everybody can use a view, as far as a program can tell.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{App, PATIENCE, programs};

const RUN: &str = r#"
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then(
  (result) => done({ violations: result.violations.map((one) => ({
    id: one.id, impact: one.impact, help: one.help,
    where: one.nodes.slice(0, 5).map((node) => node.target.join(" ") + ": " + node.failureSummary),
  })) }),
  (error) => done({ error: String(error) }),
);
"#;

impl App<'_> {
    /// Looks for what shuts people out of the page as it is now.
    ///
    /// # Errors
    /// When axe finds anything serious or critical; the text lists it.
    pub async fn is_accessible(&self, view: &str) -> Result<()> {
        let path = programs::checkout().join("ui/node_modules/axe-core/axe.min.js");
        let axe =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        self.script(&axe, vec![]).await?;
        let client = self.client()?;
        let answer = timeout(PATIENCE, client.execute_async(RUN, vec![]))
            .await
            .with_context(|| format!("axe gave no answer on {view}"))??;
        if let Some(error) = answer.get("error") {
            bail!("axe did not run on {view}: {error}");
        }
        let grave: Vec<&Value> = answer
            .get("violations")
            .and_then(Value::as_array)
            .context("axe gave no list")?
            .iter()
            .filter(|one| one.get("impact").is_some_and(is_grave))
            .collect();
        if grave.is_empty() {
            return Ok(());
        }
        bail!("axe on {view}: {:#}", json!(grave));
    }
}

fn is_grave(impact: &Value) -> bool {
    matches!(impact.as_str(), Some("serious" | "critical"))
}
