//! The end of a connection.

use std::{mem, time::Duration};

use futures_util::SinkExt as _;
use magpie_protocol::frames::{ByeReason, ServerFrame};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Error, Message, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{Connection, End, as_text};
use crate::{sessions, socket::batch};

/// How long the last frames of a connection may take to leave, and its client to go.
const PARTING: Duration = Duration::from_secs(5);

impl Connection {
    /// Ends the connection: what was taken is written and, where the client is still there,
    /// answered; then it is told why.
    pub(super) async fn part(mut self, end: End) {
        let mut answers = match self.writing.take() {
            Some(writing) => writing.await,
            None => Vec::new(),
        };
        let (drafts, due) = (mem::take(&mut self.inbox), self.pace.take_all());
        if !drafts.is_empty() || !due.is_empty() {
            let app = self.app.clone();
            answers.extend(batch::write(app, self.auth.user_id, drafts, due).await);
        }
        let Self {
            app,
            auth,
            mut socket,
            registration,
            mut replies,
            ..
        } = self;
        drop(registration);
        let goodbye = async {
            if let End::Bye(reason) = end {
                replies.extend(answers);
                replies.push(ServerFrame::Bye { reason });
                for frame in replies.iter().filter_map(as_text) {
                    socket.feed(Message::Text(frame)).await?;
                }
                socket
                    .feed(Message::Close(Some(close_frame(reason))))
                    .await?;
            }
            // Where the client closed, this sends the answer to its closing frame.
            socket.flush().await?;
            let raw = socket.get_mut();
            raw.shutdown().await?;
            // What the client still sends is read and thrown away: closing with it unread would
            // reset the connection, and the client would not see the last frames.
            let mut rest = [0; 1024];
            while raw.read(&mut rest).await? > 0 {}
            Ok::<_, Error>(())
        };
        sessions::note_seen(&app, auth.device_id);
        match timeout(PARTING, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::trace!(%error, "socket.parting"),
            Err(_) => tracing::trace!("socket.parting_timed_out"),
        }
    }
}

fn close_frame(reason: ByeReason) -> CloseFrame {
    let code = match reason {
        ByeReason::ShuttingDown => CloseCode::Away,
        ByeReason::FrameTooLarge => CloseCode::Size,
        ByeReason::NotText => CloseCode::Unsupported,
        ByeReason::SessionEnded
        | ByeReason::Replaced
        | ByeReason::TooManyFrames
        | ByeReason::Silent
        | ByeReason::Unknown => CloseCode::Policy,
    };
    CloseFrame {
        code,
        reason: Utf8Bytes::default(),
    }
}
