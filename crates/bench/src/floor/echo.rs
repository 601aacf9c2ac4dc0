//! A bare WebSocket echo: what the sockets alone cost.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use magpie_protocol::ConversationId;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_tungstenite::{accept_async_with_config, tungstenite::Message};

use super::rate;
use crate::{
    measure::{Grown, Latencies},
    paced::Beat,
    stand::{Child, stop_asked},
    wire::{Socket, Stamp, connect_all, nanos, set_up, write_send},
};

/// Where the echo server listens.
#[derive(clap::Args)]
pub(crate) struct EchoArgs {
    /// Address and port.
    pub(super) listen: SocketAddr,
}

/// Answers each frame with itself until the process is asked to end.
///
/// # Errors
/// When it cannot listen.
pub(crate) fn serve(args: &EchoArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        rlimit::increase_nofile_limit(u64::MAX)?;
        let listener = TcpListener::bind(args.listen).await?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    stream.set_nodelay(true)?;
                    // As small as the server's own.
                    let config = Some(set_up(2 * 1024));
                    converse(accept_async_with_config(stream, config).await?).await
                });
            }
        });
        stop_asked().await
    })
}

async fn converse(mut socket: Socket) -> Result<()> {
    while let Some(message) = socket.next().await {
        let mut next = Some(message?);
        // All that is there already is answered with one call of the system.
        while let Some(message) = next {
            if message.is_text() {
                socket.feed(message).await?;
            }
            next = match socket.next().now_or_never().flatten() {
                Some(message) => Some(message?),
                None => None,
            };
        }
        socket.flush().await?;
    }
    Ok(())
}

/// What the echo server did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Echoed {
    /// Frames in a second, there and back.
    pub(crate) rate: f64,
    /// CPU seconds of the server for 1,000 of them.
    pub(crate) cpu_per_thousand: f64,
}

/// Runs an echo server in a process of its own, and sends it frames as large as those of a send:
/// `count` over as many sockets, so many in flight on each.
///
/// # Errors
/// When it fails or answers with something else.
pub(crate) async fn echo(sockets: usize, in_flight: u32, count: u64) -> Result<Echoed> {
    let child = Child::start_part("echo-server").await?;
    let tokens = std::iter::repeat_n(None, sockets);
    let sockets = connect_all(child.address(), tokens, 16 * 1024).await?;
    let left = Arc::new(AtomicU64::new(count));
    let cpu = child.tree().cpu()?;
    let begin = Instant::now();
    let mut talking = JoinSet::new();
    for socket in sockets {
        talking.spawn(talk(socket, in_flight, Arc::clone(&left)));
    }
    let mut echoed = 0;
    while let Some(talked) = talking.join_next().await {
        echoed += talked??;
    }
    let took = begin.elapsed();
    let cpu = child.tree().cpu()?.saturating_sub(cpu);
    child.stop().await?;
    Ok(Echoed {
        rate: rate(echoed, took),
        cpu_per_thousand: per_thousand(cpu, echoed),
    })
}

/// Returns CPU seconds for 1,000.
pub(crate) fn per_thousand(cpu: Duration, count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let thousands = count.max(1) as f64 / 1_000.0;
    cpu.as_secs_f64() / thousands
}

async fn talk(mut socket: Socket, in_flight: u32, left: Arc<AtomicU64>) -> Result<u64> {
    let conversation = ConversationId::new(1)?;
    let frame = |number| {
        let stamp = Stamp {
            sender: 0,
            number,
            at: nanos(),
        };
        Message::text(write_send(conversation, stamp).1)
    };
    let take = || {
        let less = |left: u64| left.checked_sub(1);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    };
    let (mut flying, mut echoed) = (0_u64, 0);
    for number in 0..in_flight {
        if take() {
            socket.feed(frame(number)).await?;
            flying += 1;
        }
    }
    socket.flush().await?;
    while flying > 0 {
        let Some(message) = socket.next().await else {
            bail!("the echo stopped");
        };
        let mut next = Some(message?);
        while let Some(message) = next {
            if Stamp::read_frame(message.to_text()?).is_none() {
                bail!("the echo answers with something else");
            }
            (flying, echoed) = (flying - 1, echoed + 1);
            if take() {
                socket.feed(frame(0)).await?;
                flying += 1;
            }
            next = match socket.next().now_or_never().flatten() {
                Some(message) => Some(message?),
                None => None,
            };
        }
        socket.flush().await?;
    }
    Ok(echoed)
}

/// Runs an echo server as [`echo`] does, at a steady pace, and returns how long each frame took
/// there and back since it should have been sent.
///
/// # Errors
/// As [`echo`].
pub(crate) async fn echo_paced(sockets: usize, in_second: u32, seconds: u32) -> Result<Latencies> {
    let child = Child::start_part("echo-server").await?;
    let tokens = std::iter::repeat_n(None, sockets);
    let sockets = connect_all(child.address(), tokens, 16 * 1024).await?;
    let count = in_second * seconds;
    let each = count / u32::try_from(sockets.len())?.max(1);
    let mut turns = Vec::with_capacity(sockets.len());
    let mut talking = JoinSet::new();
    for socket in sockets {
        let (turn, pace) = mpsc::unbounded_channel();
        turns.push(turn);
        talking.spawn(talk_in_turn(socket, pace, each));
    }
    let beat = Beat::start(turns, in_second, count)?;
    let mut latencies = Latencies::new()?;
    while let Some(talked) = talking.join_next().await {
        latencies.merge(&talked??);
    }
    beat.end()?;
    child.stop().await?;
    Ok(latencies)
}

async fn talk_in_turn(
    mut socket: Socket,
    mut pace: mpsc::UnboundedReceiver<u64>,
    count: u32,
) -> Result<Latencies> {
    let conversation = ConversationId::new(1)?;
    let mut latencies = Latencies::new()?;
    let (mut sent, mut heard) = (0, 0);
    while heard < count {
        tokio::select! {
            message = socket.next() => {
                let message = message.context("the echo stopped")??;
                let stamp = Stamp::read_frame(message.to_text()?);
                let stamp = stamp.context("the echo answers with something else")?;
                latencies.add_nanos(nanos().saturating_sub(stamp.at));
                heard += 1;
            }
            Some(at) = pace.recv() => {
                let stamp = Stamp { sender: 0, number: sent, at };
                socket.send(Message::text(write_send(conversation, stamp).1)).await?;
                sent += 1;
            }
        }
    }
    Ok(latencies)
}

/// Returns how much memory an echo server takes for each of so many sockets that are silent.
///
/// # Errors
/// As [`echo`].
pub(crate) async fn idle_echo(sockets: usize) -> Result<Grown> {
    let child = Child::start_part("echo-server").await?;
    let before = child.tree().memory()?;
    let tokens = std::iter::repeat_n(None, sockets);
    let connected = connect_all(child.address(), tokens, 1024).await?;
    let grown = Grown::between(before, child.tree().memory()?, sockets);
    drop(connected);
    child.stop().await?;
    Ok(grown)
}
