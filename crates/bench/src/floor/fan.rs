//! A bare WebSocket fan-out: each frame goes to everybody.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use magpie_protocol::ConversationId;
use tokio::{net::TcpListener, sync::broadcast, task::JoinSet};
use tokio_tungstenite::{
    accept_async_with_config,
    tungstenite::{Message, Utf8Bytes},
};

use super::{EchoArgs, Echoed, per_thousand, rate};
use crate::{
    stand::{Child, stop_asked},
    wire::{Socket, Stamp, connect_all, nanos, set_up, write_send},
};

/// Sends each frame to everybody, its sender included, until the process is asked to end.
///
/// # Errors
/// When it cannot listen.
pub(crate) fn serve_fan(args: &EchoArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        rlimit::increase_nofile_limit(u64::MAX)?;
        let listener = TcpListener::bind(args.listen).await?;
        // Larger than what is ever under way.
        let (said, _) = broadcast::channel(1024);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (said, heard) = (said.clone(), said.subscribe());
                tokio::spawn(async move {
                    stream.set_nodelay(true)?;
                    let config = Some(set_up(2 * 1024));
                    let socket = accept_async_with_config(stream, config).await?;
                    converse(socket, &said, heard).await
                });
            }
        });
        stop_asked().await
    })
}

async fn converse(
    mut socket: Socket,
    said: &broadcast::Sender<Utf8Bytes>,
    mut heard: broadcast::Receiver<Utf8Bytes>,
) -> Result<()> {
    loop {
        tokio::select! {
            message = socket.next() => match message.context("gone")?? {
                // Each hears it, so it cannot fail.
                Message::Text(text) => drop(said.send(text)),
                Message::Close(_) => return Ok(()),
                _ => {}
            },
            text = heard.recv() => {
                let mut next = Some(text?);
                while let Some(text) = next {
                    socket.feed(Message::Text(text)).await?;
                    next = heard.try_recv().ok();
                }
                socket.flush().await?;
            }
        }
    }
}

/// Runs it in a process of its own: one of so many sends `count` frames as large as those that
/// bring a message, so many in flight. Counts what the others get.
///
/// # Errors
/// When it fails, or sends something else.
pub(crate) async fn fan(sockets: usize, in_flight: u32, count: u32) -> Result<Echoed> {
    let child = Child::start_part("fan-server").await?;
    let sockets = connect_all(
        child.address(),
        std::iter::repeat_n(None, sockets),
        16 * 1024,
    )
    .await?;
    // The first frame comes when all are there, for it comes back to its sender.
    let cpu = child.tree().cpu()?;
    let begin = Instant::now();
    let mut talking = JoinSet::new();
    for (place, socket) in sockets.into_iter().enumerate() {
        let speaks = (place == 0).then_some(in_flight);
        talking.spawn(take_part(socket, speaks, count));
    }
    let mut heard = 0;
    while let Some(talked) = talking.join_next().await {
        heard += talked??;
    }
    let took = begin.elapsed();
    let cpu = child.tree().cpu()?.saturating_sub(cpu);
    child.stop().await?;
    let heard = heard - u64::from(count);
    Ok(Echoed {
        rate: rate(heard, took),
        cpu_per_thousand: per_thousand(cpu, heard),
    })
}

async fn take_part(mut socket: Socket, speaks: Option<u32>, count: u32) -> Result<u64> {
    let conversation = ConversationId::new(1)?;
    let (mut sent, mut heard) = (0, 0);
    while heard < count {
        if let Some(in_flight) = speaks {
            while sent < count && sent - heard < in_flight {
                let stamp = Stamp {
                    sender: 0,
                    number: sent,
                    at: nanos(),
                };
                // As long as the frame of a change.
                let (_, mut frame) = write_send(conversation, stamp);
                frame.push_str(&" ".repeat(100));
                socket.feed(Message::text(frame)).await?;
                sent += 1;
            }
            socket.flush().await?;
        }
        let mut next = Some(socket.next().await.context("the fan-out stopped")??);
        while let Some(message) = next {
            let stamp = Stamp::read_frame(message.to_text()?);
            if stamp.is_none_or(|stamp| stamp.number != heard) {
                bail!("the fan-out sends something else");
            }
            heard += 1;
            next = socket.next().now_or_never().flatten().transpose()?;
        }
    }
    Ok(heard.into())
}
