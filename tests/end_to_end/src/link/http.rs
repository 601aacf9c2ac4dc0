//! As much of HTTP/1.1 as a link must read.

use super::Request;

/// The head of a request or an answer.
pub(super) struct Head {
    /// The bytes of it, its empty line included.
    pub(super) bytes: usize,
    first_line: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads a head from the front of `data`, once it is whole.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let end = data.windows(4).position(|four| four == b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&data[..end]).into_owned();
        let mut lines = text.lines();
        let first_line = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self {
            bytes: end + 4,
            first_line,
            headers,
        })
    }

    /// Returns the length of the body that follows.
    pub(super) fn body_bytes(&self) -> usize {
        self.header("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0)
    }

    /// Returns whether the head is an answer that switches to a WebSocket.
    pub(super) fn switches(&self) -> bool {
        self.first_line.split(' ').nth(1) == Some("101")
    }

    /// Returns the request that the head is of.
    pub(super) fn request(&self) -> Request {
        let mut words = self.first_line.split(' ');
        Request {
            method: words.next().unwrap_or_default().to_owned(),
            target: words.next().unwrap_or_default().to_owned(),
            upgrade: self
                .header("upgrade")
                .is_some_and(|to| to.eq_ignore_ascii_case("websocket")),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let post = b"POST /api/v1/messages?x=1 HTTP/1.1\r\nContent-Length: 12\r\n\r\nhello";
        assert!(Head::read(&post[..20]).is_none());
        let head = Head::read(post).unwrap();
        assert_eq!(head.bytes, post.len() - 5);
        assert_eq!(head.body_bytes(), 12);
        let request = head.request();
        assert_eq!(request.path(), "/api/v1/messages");
        assert!(!request.upgrade);
    }

    #[test]
    fn an_upgrade_is_seen_on_both_sides() {
        let head = Head::read(b"GET /s HTTP/1.1\r\nupgrade: WebSocket\r\n\r\n").unwrap();
        assert!(head.request().upgrade && !head.switches());
        assert!(
            Head::read(b"HTTP/1.1 101 Switching\r\n\r\n")
                .unwrap()
                .switches()
        );
    }
}
