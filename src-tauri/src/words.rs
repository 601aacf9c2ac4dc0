//! What the shell says itself, outside of the page: in the tray and in notifications.

use magpie_core::settings::{Language, Settings};

/// A language of the app, found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Words {
    /// English.
    #[default]
    En,
    /// 简体中文.
    Zh,
}

impl Words {
    /// Returns the language that the settings ask for.
    pub(crate) fn of(settings: &Settings) -> Self {
        match settings.language {
            Language::ZhCn => Self::Zh,
            Language::En => Self::En,
            Language::System => Self::of_locale(sys_locale::get_locale().as_deref()),
        }
    }

    /// Returns the language for a locale such as `zh-CN`.
    fn of_locale(locale: Option<&str>) -> Self {
        match locale {
            Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Self::Zh,
            _ => Self::En,
        }
    }

    fn pick(self, english: &str, chinese: &str) -> String {
        match self {
            Self::En => english,
            Self::Zh => chinese,
        }
        .to_owned()
    }

    pub(crate) fn open(self) -> String {
        self.pick("Open Magpie", "打开 Magpie")
    }

    pub(crate) fn mute_hour(self) -> String {
        self.pick("Do not disturb for 1 hour", "免打扰 1 小时")
    }

    pub(crate) fn mute_eight_hours(self) -> String {
        self.pick("Do not disturb for 8 hours", "免打扰 8 小时")
    }

    pub(crate) fn mute_tomorrow(self) -> String {
        self.pick("Do not disturb until tomorrow", "免打扰至明天早上")
    }

    pub(crate) fn unmute(self) -> String {
        self.pick("Turn notifications back on", "恢复通知")
    }

    pub(crate) fn settings(self) -> String {
        self.pick("Settings", "设置")
    }

    pub(crate) fn quit(self) -> String {
        self.pick("Quit Magpie", "退出 Magpie")
    }

    pub(crate) fn signed_out(self) -> String {
        self.pick("Not signed in", "未登录")
    }

    pub(crate) fn locked(self) -> String {
        self.pick("Locked", "已锁定")
    }

    /// Returns an account's name, how its link stands, and what is unread.
    pub(crate) fn account(self, name: &str, online: bool, unread: u32) -> String {
        let mut state = match online {
            true => self.pick("online", "在线"),
            false => self.pick("offline", "离线"),
        };
        if unread > 0 {
            state.push_str(&match self {
                Self::En => format!(", {unread} unread"),
                Self::Zh => format!("，{unread} 条未读"),
            });
        }
        match self {
            Self::En => format!("{name} – {state}"),
            Self::Zh => format!("{name}（{state}）"),
        }
    }

    /// Returns what the tooltip says.
    pub(crate) fn unread(self, count: u32) -> String {
        match (self, count) {
            (Self::En, 0) => "No unread messages".to_owned(),
            (Self::En, 1) => "1 unread message".to_owned(),
            (Self::En, count) => format!("{count} unread messages"),
            (Self::Zh, 0) => "没有未读消息".to_owned(),
            (Self::Zh, count) => format!("{count} 条未读消息"),
        }
    }

    pub(crate) fn quiet(self) -> String {
        self.pick("Do not disturb is on", "免打扰已开启")
    }

    /// Returns the text of a notification whose message is not shown.
    pub(crate) fn new_messages(self, count: u32) -> String {
        match (self, count) {
            (Self::En, 0 | 1) => "New message".to_owned(),
            (Self::En, count) => format!("{count} new messages"),
            (Self::Zh, 0 | 1) => "新消息".to_owned(),
            (Self::Zh, count) => format!("{count} 条新消息"),
        }
    }

    pub(crate) fn unsupported(self) -> String {
        self.pick(
            "A message that this version cannot show",
            "此版本无法显示的消息",
        )
    }

    pub(crate) fn friend_request(self, name: &str) -> String {
        match self {
            Self::En => format!("{name} wants to be your friend"),
            Self::Zh => format!("{name} 请求添加你为好友"),
        }
    }

    /// Returns what was missed while the device was away.
    pub(crate) fn missed(self, messages: u32, conversations: u32, requests: u32) -> String {
        let some = |count: u32, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {many}"),
        };
        match self {
            Self::En => {
                let mut parts = Vec::new();
                if messages > 0 {
                    let messages = some(messages, "new message", "new messages");
                    let chats = some(conversations, "chat", "chats");
                    parts.push(format!("{messages} in {chats}"));
                }
                if requests > 0 {
                    parts.push(some(requests, "friend request", "friend requests"));
                }
                parts.join(", ")
            }
            Self::Zh => {
                let mut parts = Vec::new();
                if messages > 0 {
                    parts.push(format!("{conversations} 个聊天中有 {messages} 条新消息"));
                }
                if requests > 0 {
                    parts.push(format!("{requests} 个好友请求"));
                }
                parts.join("，")
            }
        }
    }

    pub(crate) fn reply(self) -> String {
        self.pick("Reply", "回复")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_systems_where_none_was_chosen() {
        assert_eq!(Words::of_locale(Some("zh_CN.UTF-8")), Words::Zh);
        assert_eq!(Words::of_locale(Some("ZH")), Words::Zh);
        assert_eq!(Words::of_locale(Some("de-DE")), Words::En);
        assert_eq!(Words::of_locale(None), Words::En);
        let chosen = Settings {
            language: Language::ZhCn,
            ..Settings::default()
        };
        assert_eq!(Words::of(&chosen), Words::Zh);
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(Words::En.unread(1), "1 unread message");
        assert_eq!(Words::En.missed(1, 1, 0), "1 new message in 1 chat");
        assert_eq!(
            Words::En.missed(12, 3, 1),
            "12 new messages in 3 chats, 1 friend request"
        );
        assert_eq!(Words::En.missed(0, 0, 2), "2 friend requests");
        assert_eq!(
            Words::Zh.missed(12, 3, 1),
            "3 个聊天中有 12 条新消息，1 个好友请求"
        );
    }
}
