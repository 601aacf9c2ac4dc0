//! What people do with the app, in the words of a test.

use anyhow::{Context, Result, bail};
use fantoccini::Locator;
use serde_json::json;

use crate::{App, Server, until};

/// Presses Enter.
const ENTER: &str = "\u{e007}";

/// Somebody with an account.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// The user name.
    pub username: &'static str,
    /// The name that is shown.
    pub nickname: &'static str,
    /// The password.
    pub password: &'static str,
}

impl Person {
    /// Returns Alice.
    #[must_use]
    pub const fn alice() -> Self {
        Self {
            username: "alice",
            nickname: "Alice",
            password: "a quiet magpie, 7 feathers",
        }
    }

    /// Returns Bob, who writes his name in Chinese.
    #[must_use]
    pub const fn bob() -> Self {
        Self {
            username: "bob",
            nickname: "鲍勃",
            password: "eine Elster zählt bis 5!",
        }
    }
}

/// Returns the selector of a test id.
#[must_use]
pub fn id(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

impl App<'_> {
    /// Enters a server's address and goes on to where one signs in or registers.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn chooses(&self, server: &Server<'_>) -> Result<()> {
        self.enters_address(&server.address()).await?;
        self.click(&enabled("server-continue")).await
    }

    /// Chooses to enter an address, and does.
    ///
    /// # Errors
    /// When the page does not let it.
    pub async fn enters_address(&self, address: &str) -> Result<()> {
        self.see(&id("view-server")).await?;
        self.click(&id("server-other")).await?;
        self.fills(&id("server-address"), address).await
    }

    /// Makes an account on the server and ends in the list of chats.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn registers(&self, person: Person, server: &Server<'_>) -> Result<()> {
        self.chooses(server).await?;
        self.turns_to("register").await?;
        self.registers_here(person).await
    }

    /// Fills the form for a new account, which is on the screen, and ends in the list of chats.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn registers_here(&self, person: Person) -> Result<()> {
        self.fills(&id("field-username"), person.username).await?;
        self.fills(&id("field-nickname"), person.nickname).await?;
        self.fills(&id("field-password"), person.password).await?;
        self.fills(&id("field-password-repeat"), person.password)
            .await?;
        self.click(&enabled("submit")).await?;
        self.reads(&id("given-number"), |text| text.contains(char::is_numeric))
            .await
            .context("no number was given")?;
        self.click(&id("begin")).await?;
        self.see(&id("view-chats")).await?;
        Ok(())
    }

    /// Goes from either of the two views, signing in and registering, to the one that is named.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn turns_to(&self, view: &str) -> Result<()> {
        let wanted = id(&format!("view-{view}"));
        let way = id(&format!("go-{view}"));
        let client = self.client()?;
        until(&format!("the view {view}"), async || {
            if self.sees(&wanted).await? {
                return Ok(Some(()));
            }
            client.find(Locator::Css(&way)).await?.click().await?;
            Ok(None)
        })
        .await
    }

    /// Waits for the one of several that shows a text, and returns a selector for it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn finds(&self, selector: &str, text: &str) -> Result<String> {
        let script = "for (const old of document.querySelectorAll('[data-found]')) delete old.dataset.found;
            const one = [...document.querySelectorAll(arguments[0])].find((one) => one.innerText.includes(arguments[1]));
            if (one) one.dataset.found = '';
            return one !== undefined";
        until(&format!("{selector} that says {text}"), async || {
            let found = self
                .script(script, vec![json!(selector), json!(text)])
                .await?;
            Ok((found == json!(true)).then(|| format!("{selector}[data-found]")))
        })
        .await
    }

    /// Goes to a section of the contacts.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn turns_contacts_to(&self, section: &str) -> Result<()> {
        self.click(&id("rail-contacts")).await?;
        self.click(&id(&format!("contacts-{section}"))).await
    }

    /// Searches for somebody and asks to be friends.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn asks(&self, person: Person, message: &str) -> Result<()> {
        self.turns_contacts_to("search").await?;
        self.fills(&id("people-search"), person.username).await?;
        self.click(&format!("{} {}", id("person-result"), id("person-add")))
            .await?;
        self.fills(&id("request-message"), message).await?;
        self.click(&enabled("request-send")).await?;
        self.miss(&id("request-send")).await
    }

    /// Waits for a friend request and accepts it.
    ///
    /// # Errors
    /// When none comes or the page does not follow.
    pub async fn accepts(&self, person: Person) -> Result<()> {
        self.reads(&id("rail-requests"), |text| text.contains('1'))
            .await?;
        self.turns_contacts_to("requests").await?;
        self.reads(&id("request-item"), |text| text.contains(person.nickname))
            .await?;
        self.click(&format!("{} {}", id("request-item"), id("request-accept")))
            .await
    }

    /// Makes accounts for Alice, whose app this is, and for Bob, and makes them friends.
    ///
    /// # Errors
    /// When either page does not get there.
    pub async fn befriends(&self, bobs: &App<'_>, server: &Server<'_>) -> Result<()> {
        self.registers(Person::alice(), server).await?;
        bobs.registers(Person::bob(), server).await?;
        self.asks(Person::bob(), "Hello").await?;
        bobs.accepts(Person::alice()).await
    }

    /// Opens the chat with somebody from the list.
    ///
    /// # Errors
    /// When there is none.
    pub async fn opens_chat_with(&self, person: Person) -> Result<()> {
        self.click(&id("rail-chats")).await?;
        // The list may be another account's, or be sorted anew, between a look and a click.
        let script = "const all = [...document.querySelectorAll(arguments[0])];
            const one = all.find((one) => one.innerText.includes(arguments[1]));
            one?.click();
            return document.querySelector(arguments[2])?.innerText.includes(arguments[1]) === true";
        let given = || {
            [&id("conversation-item"), person.nickname, &id("chat-title")]
                .map(|one| json!(one))
                .to_vec()
        };
        until(&format!("the chat with {}", person.nickname), async || {
            Ok((self.script(script, given()).await? == json!(true)).then_some(()))
        })
        .await
    }

    /// Returns the number of the conversation that is open.
    ///
    /// # Errors
    /// When none is.
    pub async fn conversation(&self) -> Result<u64> {
        let place = self.script("return location.hash", vec![]).await?;
        let number = place
            .as_str()
            .and_then(|place| place.strip_prefix("#/chats/"));
        let number = number.and_then(|number| number.parse().ok());
        number.with_context(|| format!("no conversation is open at {place}"))
    }

    /// Opens a section of the settings.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn opens_settings(&self, section: &str) -> Result<()> {
        self.click(&id("rail-settings")).await?;
        let line = id(&format!("settings-section-{section}"));
        self.click(&line).await?;
        self.see(&format!("{line}[aria-current=page]")).await?;
        Ok(())
    }

    /// Goes to the way in from the settings, for one more account.
    ///
    /// # Errors
    /// When the page does not get there.
    pub async fn adds_account(&self, person: Person, server: &Server<'_>) -> Result<()> {
        self.click(&id("rail-settings")).await?;
        self.click(&id("add-account")).await?;
        self.registers(person, server).await
    }

    /// Types a text into the composer, key by key, and presses Enter.
    ///
    /// # Errors
    /// When it cannot be typed, or the composer is not empty afterwards.
    pub async fn says(&self, text: &str) -> Result<()> {
        self.click(&id("composer")).await?;
        self.types(&id("composer"), text).await?;
        self.sends().await
    }

    /// Presses Enter in the composer and waits until it is empty.
    ///
    /// # Errors
    /// When it stays full.
    pub async fn sends(&self) -> Result<()> {
        self.types(&id("composer"), ENTER).await?;
        self.reads(&id("composer"), |text| text.trim().is_empty())
            .await?;
        Ok(())
    }

    /// Puts an emoji into the composer through the panel, searching for it.
    ///
    /// # Errors
    /// When the panel does not have it.
    pub async fn picks_emoji(&self, search: &str, emoji: &str) -> Result<()> {
        self.click(&id("composer-emoji")).await?;
        self.fills(&id("emoji-search"), search).await?;
        let item = self.finds(&id("emoji-item"), emoji).await?;
        self.click(&item).await?;
        self.reads(&id("composer"), |text| text.contains(emoji))
            .await?;
        Ok(())
    }

    /// Puts text in at the caret at once, as an input method or the clipboard does.
    ///
    /// # Errors
    /// When the composer does not take it.
    pub async fn commits(&self, text: &str) -> Result<()> {
        self.click(&id("composer")).await?;
        let script = "return document.execCommand('insertText', false, arguments[0])";
        if self.script(script, vec![json!(text)]).await? != json!(true) {
            bail!("the composer took no text");
        }
        Ok(())
    }

    /// Returns the texts of the messages on the screen, in order, each with its status where it
    /// is one's own.
    ///
    /// # Errors
    /// When the page cannot be read.
    pub async fn messages(&self) -> Result<Vec<Message>> {
        let script = r#"return [...document.querySelectorAll('[data-testid="message"]')].map((one) => ({
            text: one.innerText,
            status: one.dataset.status ?? "",
        }))"#;
        let list = self.script(script, vec![]).await?;
        let list = list.as_array().context("the page gave no list")?;
        Ok(list
            .iter()
            .map(|one| Message {
                text: word(one.get("text")),
                status: word(one.get("status")),
            })
            .collect())
    }

    /// Waits until a message with this text is on the screen and has one of these statuses.
    ///
    /// # Errors
    /// When it does not come; the text says what was there.
    pub async fn shows(&self, text: &str, statuses: &[&str]) -> Result<()> {
        until(
            &format!("{} to show {text:?} as {statuses:?}", self.name()),
            async || {
                let messages = self.messages().await?;
                let found = messages.iter().any(|message| {
                    message.text.contains(text)
                        && (statuses.is_empty() || statuses.contains(&message.status.as_str()))
                });
                if found {
                    return Ok(Some(()));
                }
                bail!("there is {messages:?}")
            },
        )
        .await
    }
}

/// A message as it is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub text: String,
    /// How far it has come; empty for other people's.
    pub status: String,
}

fn word(value: Option<&serde_json::Value>) -> String {
    value
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn enabled(name: &str) -> String {
    format!("{}:not([disabled]):not([aria-disabled=\"true\"])", id(name))
}
