//! Links of the app's own, `magpie://…`: what they may say, and nothing else.
//!
//! Whoever wants to can write such a link, so one can only show something. It never sends, answers
//! or changes anything. What is not exactly one of these is refused as a whole:
//!
//! ```text
//! magpie://invite?server=https://chat.example&code=ABCD-EFGH-JKLM
//! magpie://person/4711[?server=https://chat.example]
//! magpie://chat/12[?server=https://chat.example]
//! magpie://chat/12/0198a3f0-8f00-7000-8000-000000000000[?server=https://chat.example]
//! ```
//!
//! Numbers belong to a server; a link that names none means that of the account in view.

use std::{borrow::Cow, str::FromStr};

use magpie_core::protocol::{ConversationId, MessageId, UserId};
use tauri::Url;

use crate::told::Link;

/// The scheme, as it is registered with the system.
pub(crate) const SCHEME: &str = "magpie";

/// No link that means something is longer, in bytes.
const LONGEST: usize = 1024;
/// No server's address is longer, in bytes.
const LONGEST_SERVER: usize = 300;
/// No invitation's code is longer, with its dashes.
const LONGEST_CODE: usize = 64;

/// The text is not a link of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What a link wants to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The server to which the numbers belong; that of the account in view where it is not named.
    server: Option<String>,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Invitation(String),
    Person(UserId),
    Conversation(ConversationId),
    Message(ConversationId, MessageId),
}

impl Target {
    /// Returns what the page is to show, where the account in view is one of the server `here`.
    pub(crate) fn seen_from(self, here: Option<&str>) -> Link {
        match (self.place, self.server) {
            (Place::Invitation(code), Some(server_url)) => Link::Invitation { server_url, code },
            (Place::Invitation(_), None) => Link::Malformed,
            (_, Some(server_url)) if here != Some(&server_url) => Link::Elsewhere { server_url },
            (Place::Person(user_id), _) => Link::Person { user_id },
            (Place::Conversation(conversation_id), _) => Link::Conversation { conversation_id },
            (Place::Message(conversation_id, message_id), _) => Link::Message {
                conversation_id,
                message_id,
            },
        }
    }
}

impl FromStr for Target {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        // A URL parser drops tabs and line ends without a word, and takes blanks and what cannot be
        // seen; here they are no part of a link.
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Malformed);
        }
        let url = Url::parse(text).map_err(|_| Malformed)?;
        let plain = url.scheme() == SCHEME
            && url.username().is_empty()
            && url.password().is_none()
            && url.port().is_none()
            && url.fragment().is_none()
            && !text.contains('@');
        if !plain {
            return Err(Malformed);
        }
        let Words { server, code } = Words::of(&url)?;
        let path: Vec<&str> = url.path().split('/').skip(1).collect();
        let place = match (url.host_str(), path.as_slice(), code) {
            (Some("invite"), [] | [""], Some(code)) if server.is_some() => Place::Invitation(code),
            (Some("person"), [user], None) => Place::Person(read(user)?),
            (Some("chat"), [chat], None) => Place::Conversation(read(chat)?),
            (Some("chat"), [chat, message], None) => Place::Message(read(chat)?, read(message)?),
            _ => return Err(Malformed),
        };
        Ok(Self { server, place })
    }
}

fn read<T: FromStr>(text: &str) -> Result<T, Malformed> {
    text.parse().map_err(|_| Malformed)
}

/// What stands behind the question mark; each word at most once, and no others.
#[derive(Default)]
struct Words {
    server: Option<String>,
    code: Option<String>,
}

impl Words {
    fn of(url: &Url) -> Result<Self, Malformed> {
        let mut words = Self::default();
        for (key, value) in url.query_pairs() {
            let (place, value) = match &*key {
                "server" => (&mut words.server, server(&value)?),
                "code" => (&mut words.code, code(value)?),
                _ => return Err(Malformed),
            };
            if place.replace(value).is_some() {
                return Err(Malformed);
            }
        }
        Ok(words)
    }
}

/// Returns a server's address in its one form. What answers there is found out by the core.
fn server(text: &str) -> Result<String, Malformed> {
    let url = Url::parse(text).map_err(|_| Malformed)?;
    let plain = text.len() <= LONGEST_SERVER
        && matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.port() != Some(0)
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains('@');
    if plain {
        Ok(url.origin().ascii_serialization())
    } else {
        Err(Malformed)
    }
}

fn code(text: Cow<'_, str>) -> Result<String, Malformed> {
    let fits = (1..=LONGEST_CODE).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits {
        Ok(text.into_owned())
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "0198a3f0-8f00-7000-8000-000000000000";
    const HERE: &str = "https://chat.example";

    /// Returns what somebody sees who is signed in at [`HERE`].
    fn see(text: &str) -> Link {
        match text.parse::<Target>() {
            Ok(target) => target.seen_from(Some(HERE)),
            Err(Malformed) => Link::Malformed,
        }
    }

    #[test]
    fn each_kind_is_read() {
        for (text, server_url) in [
            ("https%3A%2F%2FChat.Example%2F", "https://chat.example"),
            ("http://192.168.1.5:8008", "http://192.168.1.5:8008"),
        ] {
            assert_eq!(
                see(&format!("magpie://invite?server={text}&code=ABCD-EFGH")),
                Link::Invitation {
                    server_url: server_url.to_owned(),
                    code: "ABCD-EFGH".to_owned(),
                }
            );
        }
        let user_id = UserId::new(4711).unwrap();
        let conversation_id = ConversationId::new(12).unwrap();
        assert_eq!(see("MAGPIE://person/4711"), Link::Person { user_id });
        assert_eq!(
            see("magpie://chat/12?server=https://chat.example"),
            Link::Conversation { conversation_id }
        );
        assert_eq!(
            see(&format!("magpie://chat/12/{MESSAGE}")),
            Link::Message {
                conversation_id,
                message_id: MESSAGE.parse().unwrap(),
            }
        );
    }

    #[test]
    fn numbers_of_another_server_mean_nothing_here() {
        let text = "magpie://person/4711?server=https://other.example";
        let server_url = "https://other.example".to_owned();
        assert_eq!(see(text), Link::Elsewhere { server_url });
        let nobody = text.parse::<Target>().unwrap().seen_from(None);
        assert!(matches!(nobody, Link::Elsewhere { .. }));
    }

    #[test]
    fn whatever_else_is_refused() {
        let long = format!("magpie://person/1?server=https://{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "magpie:",
            "magpie://",
            "magpie:person/1",
            "https://person/1",
            "javascript:alert(1)",
            "magpie://call/12",
            "magpie://PERSON/12",
            "magpie://invite",
            "magpie://invite?server=https://a.example",
            "magpie://invite?code=ABCD",
            "magpie://invite?server=javascript:alert(1)",
            "magpie://invite?server=file:///etc/passwd",
            "magpie://invite?server=https://chat.example/admin",
            "magpie://invite?server=https://bank.example%40evil.example",
            "magpie://invite?server=https://chat.example?x=1",
            "magpie://invite?server=https://chat.example%0d%0aX:y",
            "magpie://invite?server=https://a.example&server=https://b.example",
            "magpie://invite?server=https://a.example&code=",
            "magpie://invite?server=https://a.example&code=%3Cb%3E",
            "magpie://invite?server=https://a.example&then=join",
            "magpie://invite/more?server=https://a.example",
            "magpie://person",
            "magpie://person/",
            "magpie://person/0",
            "magpie://person/-1",
            "magpie://person/+1",
            "magpie://person/01",
            "magpie://person/9007199254740992",
            "magpie://person/1/2",
            "magpie://person/1#x",
            "magpie://person/1?code=ABCD",
            "magpie://someone@person/1",
            "magpie://person:80/1",
            "magpie://person/../chat/1",
            "magpie://person/%31",
            "magpie://person/1\n",
            " magpie://person/1",
            "magpie://per\tson/1",
            "magpie://chat/12/not-a-message",
            "magpie://chat/12/0198a3f0-8f00-4000-8000-000000000000",
            "magpie://chat/12/0198a3f0-8f00-7000-8000-000000000000/more",
            "magpie://chat/鹊",
            &long,
        ] {
            assert_eq!(see(bad), Link::Malformed, "{bad:?}");
        }
    }
}
