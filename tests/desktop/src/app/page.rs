//! What an eye and a hand find on the page.

use std::fs;

use anyhow::{Result, bail};
use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::App;
use crate::{PATIENCE, programs, until};

impl App<'_> {
    /// Waits until something is on the page and visible, and returns it.
    ///
    /// # Errors
    /// When it does not appear.
    pub async fn see(&self, selector: &str) -> Result<Element> {
        let client = self.client()?;
        until(&format!("{} to see {selector}", self.name), async || {
            let element = client.find(Locator::Css(selector)).await?;
            Ok(self.sees(selector).await?.then_some(element))
        })
        .await
    }

    /// Returns whether something is on the page and visible now.
    ///
    /// # Errors
    /// When the page cannot be asked.
    pub async fn sees(&self, selector: &str) -> Result<bool> {
        // The driver's own answer takes rows of a virtual list for hidden ones.
        let script = "const one = document.querySelector(arguments[0]);
            if (!one || !one.checkVisibility({ visibilityProperty: true })) return false;
            const { width, height } = one.getBoundingClientRect();
            return width > 0 && height > 0";
        Ok(self.script(script, vec![json!(selector)]).await? == json!(true))
    }

    /// Waits until something is nowhere on the page.
    ///
    /// # Errors
    /// When it stays.
    pub async fn miss(&self, selector: &str) -> Result<()> {
        let client = self.client()?;
        until(
            &format!("{selector} to leave {}'s page", self.name),
            async || {
                let elements = client.find_all(Locator::Css(selector)).await?;
                Ok(elements.is_empty().then_some(()))
            },
        )
        .await
    }

    /// Waits until something shows a text that the condition likes, and returns the text.
    ///
    /// # Errors
    /// When it does not; the error says what it showed last.
    pub async fn reads(&self, selector: &str, good: impl Fn(&str) -> bool) -> Result<String> {
        // The driver's own notion of an element's text leaves out lines that may be cut short.
        let script = "return document.querySelector(arguments[0])?.innerText ?? null";
        until(&format!("{} to read {selector}", self.name), async || {
            let answer = self.script(script, vec![json!(selector)]).await?;
            match answer.as_str() {
                Some(text) if good(text) => Ok(Some(text.to_owned())),
                Some(text) => bail!("it says {text:?}"),
                None => bail!("it is not there"),
            }
        })
        .await
    }

    /// Clicks something as soon as it can be clicked.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let client = self.client()?;
        until(&format!("{} to click {selector}", self.name), async || {
            client.find(Locator::Css(selector)).await?.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Presses keys in something, one after the other. A character beyond the basic plane, an
    /// emoji for one, has no key in WebKit's driver.
    ///
    /// # Errors
    /// When it cannot be typed into.
    pub async fn types(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.see(selector).await?;
        Ok(element.send_keys(text).await?)
    }

    /// Empties a field and types into it.
    ///
    /// # Errors
    /// When it cannot be typed into.
    pub async fn fills(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.see(selector).await?;
        element.clear().await?;
        Ok(element.send_keys(text).await?)
    }

    /// Runs a script in the page and returns what it returns.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client()?.execute(script, arguments).await?)
    }

    /// Has the page call the shell, and returns what it answers, failures as well.
    ///
    /// # Errors
    /// When the page does not answer.
    pub async fn call(&self, command: &str, arguments: Value) -> Result<Value> {
        let script = "
            const [command, args, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, args).then(done, done)";
        let arguments = vec![json!(command), arguments];
        Ok(self.client()?.execute_async(script, arguments).await?)
    }

    /// Writes a picture of the page to `target/screenshots/<name>.png`.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub async fn picture(&self, name: &str) -> Result<()> {
        let png = picture(self.client()?).await?;
        fs::write(programs::screenshot(name)?, png)?;
        Ok(())
    }
}

/// Takes a picture of the page. The engine takes it when it paints the next time, which on a page
/// where nothing moves is never; so something is made to move, unseen.
pub(crate) async fn picture(client: &Client) -> Result<Vec<u8>> {
    let stir = r"
        const end = performance.now() + 5000;
        const stir = (now) => {
            document.documentElement.style.setProperty('outline', `${now % 2 ? 0 : 1}px solid transparent`);
            if (now < end) requestAnimationFrame(stir);
        };
        requestAnimationFrame(stir);
    ";
    client.execute(stir, vec![]).await?;
    Ok(timeout(PATIENCE, client.screenshot()).await??)
}
