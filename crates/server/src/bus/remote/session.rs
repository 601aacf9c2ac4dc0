//! The connections to all servers of the bus, as long as all of them hold.
//!
//! Two to each server: news come through one, commands go through the other. When any of them ends,
//! the session has ended: it is not known what was missed, so everything is begun anew. The cluster
//! client of the library subscribes again by itself, behind our back, which is why it is not used.

use std::{sync::Arc, time::Duration};

use futures_util::future::try_join_all;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, FromRedisValue, Pipeline, PushInfo,
    PushKind, RedisError, Value, aio::MultiplexedConnection,
};
use tokio_util::sync::CancellationToken;

use super::{
    interest::{Batch, Interest},
    topology::{self, Topology},
    wire::{self, ALL_NODES, News, NodeId},
};
use crate::bus::BusAddress;

/// How long a server may take to answer anything.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is done with news.
pub(super) type Receive = Arc<dyn Fn(News) + Send + Sync>;

/// Why there is no session (any more).
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    /// A server does not answer, or refuses.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The cluster does not have all its slots.
    #[error("the cluster is not complete")]
    Incomplete,
    /// A connection was closed, or a server has taken a subscription back, as it does with slots that
    /// move.
    #[error("a connection ended")]
    Ended,
}

/// Connections to all servers.
#[derive(Clone)]
pub(super) struct Session {
    topology: Arc<Topology>,
    servers: Arc<[Server]>,
    ended: CancellationToken,
}

#[derive(Clone)]
struct Server {
    news: MultiplexedConnection,
    commands: MultiplexedConnection,
}

impl Session {
    /// Connects to all servers, starting from the first seed that answers, and listens to what
    /// concerns all nodes.
    pub(super) async fn open(
        address: &BusAddress,
        own: NodeId,
        interest: &Arc<Interest>,
        receive: &Receive,
    ) -> Result<Self, SessionError> {
        let ended = CancellationToken::new();
        let mut failure = SessionError::Incomplete;
        for seed in address.seeds() {
            match discover(seed, address.seeds().len() > 1).await {
                Ok((topology, servers)) => {
                    let connect = servers
                        .iter()
                        .map(|server| Server::open(server, own, interest, receive, &ended));
                    let session = Self {
                        servers: try_join_all(connect).await?.into(),
                        topology: Arc::new(topology),
                        ended,
                    };
                    let mut listen = Pipeline::new();
                    listen.cmd("SSUBSCRIBE").arg(ALL_NODES);
                    session.pipe_news(ALL_NODES, &listen).await?;
                    return Ok(session);
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Waits until a connection has ended.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Asks every server whether it is there.
    pub(super) async fn ping(&self) -> Result<(), SessionError> {
        let pings = self.servers.iter().map(|server| async move {
            let Server {
                mut news,
                mut commands,
            } = server.clone();
            let ping = redis::cmd("PING");
            tokio::try_join!(
                ping.query_async::<Value>(&mut news),
                ping.query_async::<Value>(&mut commands)
            )
        });
        try_join_all(pings).await?;
        Ok(())
    }

    /// Ends and begins subscriptions. When this returns they are confirmed.
    pub(super) async fn subscribe(&self, batch: &Batch) -> Result<(), SessionError> {
        for (command, scopes) in [
            ("SUNSUBSCRIBE", &batch.unsubscribe),
            ("SSUBSCRIBE", &batch.subscribe),
        ] {
            let mut pipes = vec![Pipeline::new(); self.servers.len()];
            for scope in scopes {
                let channel = wire::channel(*scope);
                if let Some(pipe) = pipes.get_mut(self.topology.place(&channel)) {
                    pipe.cmd(command).arg(channel);
                }
            }
            self.run_all(pipes, |server| server.news.clone()).await?;
        }
        Ok(())
    }

    /// Publishes news, those of each channel in order.
    pub(super) async fn publish(&self, news: &[News], own: NodeId) -> Result<(), SessionError> {
        let mut pipes = vec![Pipeline::new(); self.servers.len()];
        for item in news {
            let channel = item.channel();
            if let Some(pipe) = pipes.get_mut(self.topology.place(&channel)) {
                pipe.cmd("SPUBLISH").arg(channel).arg(item.pack(own));
            }
        }
        self.run_all(pipes, |server| server.commands.clone()).await
    }

    async fn run_all(
        &self,
        pipes: Vec<Pipeline>,
        connection: impl Fn(&Server) -> MultiplexedConnection,
    ) -> Result<(), SessionError> {
        let run = self.servers.iter().zip(pipes).map(|(server, pipe)| {
            let mut connection = connection(server);
            async move {
                if pipe.is_empty() {
                    return Ok(());
                }
                pipe.exec_async(&mut connection).await
            }
        });
        try_join_all(run).await?;
        Ok(())
    }

    async fn pipe_news(&self, name: &str, pipe: &Pipeline) -> Result<(), SessionError> {
        let server = self.servers.get(self.topology.place(name));
        let mut connection = server.ok_or(SessionError::Incomplete)?.news.clone();
        Ok(pipe.exec_async(&mut connection).await?)
    }

    /// Runs commands that all concern names with the same tag, `name` being one of them.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        name: &str,
        pipe: &Pipeline,
    ) -> Result<T, SessionError> {
        let server = self.servers.get(self.topology.place(name));
        let mut connection = server.ok_or(SessionError::Incomplete)?.commands.clone();
        Ok(pipe.query_async(&mut connection).await?)
    }
}

impl Server {
    async fn open(
        server: &ConnectionInfo,
        own: NodeId,
        interest: &Arc<Interest>,
        receive: &Receive,
        ended: &CancellationToken,
    ) -> Result<Self, RedisError> {
        let (interest, receive, over) = (Arc::clone(interest), Arc::clone(receive), ended.clone());
        // Called by the connection's task, in the order in which things arrive.
        let listener = move |push: PushInfo| {
            let mut data = push.data.into_iter();
            match (push.kind, data.next(), data.next()) {
                (PushKind::Disconnection, ..) => over.cancel(),
                (
                    PushKind::SMessage,
                    Some(Value::BulkString(channel)),
                    Some(Value::BulkString(packed)),
                ) => {
                    if let Some(news) = News::unpack(&channel, packed, own) {
                        receive(news);
                    }
                }
                // Where we did not ask for it, the answers to what we did ask are mixed up now.
                (PushKind::SUnsubscribe, Some(Value::BulkString(channel)), _) => {
                    let unasked = match wire::scope(&channel) {
                        Some(scope) => interest.holds(scope),
                        None => true,
                    };
                    if unasked {
                        over.cancel();
                    }
                }
                _ => {}
            }
            Ok::<_, ()>(())
        };
        let client = Client::open(server.clone())?;
        let news = config().set_push_sender(listener);
        let commands = config().set_push_sender(ends(ended));
        let (news, commands) = tokio::try_join!(
            client.get_multiplexed_async_connection_with_config(&news),
            client.get_multiplexed_async_connection_with_config(&commands),
        )?;
        Ok(Self { news, commands })
    }
}

/// Asks a server for the servers of its cluster.
async fn discover(
    seed: &ConnectionInfo,
    must_be_cluster: bool,
) -> Result<(Topology, Vec<ConnectionInfo>), SessionError> {
    let client = Client::open(seed.clone())?;
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&config())
        .await?;
    let mut ask: Cmd = redis::cmd("CLUSTER");
    match ask.arg("SLOTS").query_async::<Value>(&mut connection).await {
        Ok(answer) => topology::read(&answer, seed).ok_or(SessionError::Incomplete),
        Err(error) => {
            let refused = !error.is_io_error()
                && !error.is_timeout()
                && !error.is_connection_dropped()
                && !error.is_unrecoverable_error();
            if refused && !must_be_cluster {
                Ok((Topology::Single, vec![seed.clone()]))
            } else {
                Err(error.into())
            }
        }
    }
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_pipeline_buffer_size(1_024)
}

fn ends(
    ended: &CancellationToken,
) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static + use<> {
    let ended = ended.clone();
    move |push| {
        if push.kind == PushKind::Disconnection {
            ended.cancel();
        }
        Ok(())
    }
}
