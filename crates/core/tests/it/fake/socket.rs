//! Its socket.

use std::sync::Arc;

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message as Ws, WebSocket},
    },
    http::HeaderMap,
    response::Response,
};
use magpie_core::protocol::{
    DeviceId, ErrorCode, Timestamp,
    frames::{ByeReason, ClientFrame, SUBPROTOCOL, ServerFrame},
};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::{
    http::{Failed, Shared},
    model::{Model, Reply},
    people::me,
};

pub(super) async fn socket(
    State(model): Shared,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failed> {
    {
        let mut model = model.lock();
        model.check(&headers, "socket")?;
        if model.refuse_sockets {
            return Err(Failed(ErrorCode::Unavailable));
        }
    }
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .on_upgrade(move |socket| serve(model, socket)))
}

async fn serve(model: Arc<Mutex<Model>>, mut socket: WebSocket) {
    let (out, mut queue) = mpsc::unbounded_channel();
    let ready = ServerFrame::Ready {
        user_id: me(),
        device_id: DeviceId::new(5).unwrap(),
        server_time: Timestamp(1),
        heartbeat_ms: 25_000,
    };
    let ready = serde_json::to_string(&ready).unwrap();
    out.send(Some(ready)).unwrap();
    model.lock().sockets.push(out.clone());
    loop {
        tokio::select! {
            frame = queue.recv() => {
                let Some(Some(text)) = frame else { return };
                if socket.send(Ws::text(text)).await.is_err() {
                    return;
                }
            }
            frame = socket.recv() => {
                let Some(Ok(frame)) = frame else { return };
                let Ws::Text(text) = frame else { continue };
                for answer in answers(&mut model.lock(), &text) {
                    let text = answer.map(|frame| serde_json::to_string(&frame).unwrap());
                    out.send(text).unwrap();
                }
            }
        }
    }
}

/// What is said to a frame; `None` is the end of the socket.
fn answers(model: &mut Model, text: &str) -> Vec<Option<ServerFrame>> {
    let send = match serde_json::from_str(text).unwrap() {
        ClientFrame::Mark(mark) => {
            model.mark(mark);
            return Vec::new();
        }
        ClientFrame::Send(send) => send,
    };
    model.sends.push(send.clone());
    match model.replies.pop_front() {
        Some(Reply::Refuse(error)) => vec![Some(ServerFrame::Nack {
            id: Some(send.id),
            error,
        })],
        Some(Reply::LoseAnswer) => {
            let mute = std::mem::replace(&mut model.mute, true);
            model.store(send.id, me(), send.content);
            model.mute = mute;
            vec![None]
        }
        Some(Reply::AnswerTwice) => {
            let sent = model.store(send.id, me(), send.content);
            vec![
                Some(ServerFrame::Ack(sent.clone())),
                Some(ServerFrame::Ack(sent)),
            ]
        }
        None => {
            let sent = model.store(send.id, me(), send.content);
            vec![Some(ServerFrame::Ack(sent))]
        }
    }
}

/// Says goodbye on all sockets.
pub(crate) fn bye(reason: ByeReason) -> ServerFrame {
    ServerFrame::Bye { reason }
}
