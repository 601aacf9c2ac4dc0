//! The statements of a send in a bare loop, on PostgreSQL, over one connection.
//!
//! As on SQLite, with what PostgreSQL's protocol allows: statements that do not need each other's
//! answers are sent without waiting for them, so that a transaction is two round trips whatever it
//! holds.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::{try_join, try_join_all};
use magpie_protocol::MessageId;
use tokio_postgres::{Client, NoTls, Statement, types::ToSql};

use super::{
    Pace, Paced, SqlCounts, SqlFloor, rate,
    sqlite::{CONTENT, clock_millis},
};
use crate::{measure::Latencies, stand::Pairs, wire::fresh};

const BY_ID: &str = "SELECT conversation_id, seq, created_at, sender_id, kind, content
     FROM messages WHERE id = $1";
const MAY_SEND: &str = "SELECT c.kind,
        (SELECT COUNT(*) FROM friends f WHERE f.user_id = me.user_id
            AND f.friend_id = c.low_user_id + c.high_user_id - me.user_id AND f.deleted = 0),
        (SELECT COUNT(*) FROM blocks b WHERE b.blocked_id = me.user_id
            AND b.user_id = c.low_user_id + c.high_user_id - me.user_id AND b.deleted = 0),
        (SELECT COUNT(*) FROM blocks b WHERE b.user_id = me.user_id
            AND b.blocked_id = c.low_user_id + c.high_user_id - me.user_id AND b.deleted = 0)
     FROM members me JOIN conversations c ON c.id = me.conversation_id
     WHERE me.conversation_id = $1 AND me.user_id = $2";
const TAKE_PLACE: &str = "UPDATE conversations
     SET rev = rev + 1, last_seq = last_seq + 1, activity = $2
     WHERE id = $1 RETURNING rev, last_seq";
const STORE: &str = "INSERT INTO messages
     (conversation_id, seq, rev, sender_id, id, kind, created_at, content)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const TOUCH: &str = "UPDATE counters SET value = value WHERE name = 'users'";

type Values<'a, const N: usize> = [&'a (dyn ToSql + Sync); N];

/// A bare loop on the server's own database, before the server is started.
pub(crate) struct PostgresLoop {
    client: Client,
    by_id: Statement,
    may_send: Statement,
    take_place: Statement,
    store: Statement,
    touch: Statement,
    pairs: Vec<(i64, i64)>,
    next: usize,
}

impl PostgresLoop {
    /// Connects.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub(crate) async fn open(url: &str, pairs: &Pairs) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let by_id = client.prepare(BY_ID).await?;
        let may_send = client.prepare(MAY_SEND).await?;
        let take_place = client.prepare(TAKE_PLACE).await?;
        let store = client.prepare(STORE).await?;
        let touch = client.prepare(TOUCH).await?;
        Ok(Self {
            client,
            by_id,
            may_send,
            take_place,
            store,
            touch,
            pairs: pairs.numbers(),
            next: 0,
        })
    }

    /// Runs it: one by one, 64 together, as many together as are in flight, and at a pace.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub(crate) async fn run(&mut self, counts: SqlCounts) -> Result<SqlFloor> {
        self.sends(counts.singly / 10, 1).await?;
        let one_by_one = rate(counts.singly, self.sends(counts.singly, 1).await?);
        let together = counts.together;
        let batched = rate(together, self.sends(together, 64).await?);
        let all = self.sends(together, counts.in_flight).await?;
        let all_together = rate(together, all);
        let mut commit = Latencies::new()?;
        for _ in 0..counts.singly {
            self.client.batch_execute("BEGIN").await?;
            self.client.execute(&self.touch, &[]).await?;
            let begin = Instant::now();
            self.client.batch_execute("COMMIT").await?;
            commit.add(begin.elapsed());
        }
        let paced = match counts.pace {
            Some(pace) => Some(self.paced(pace).await?),
            None => None,
        };
        Ok(SqlFloor {
            one_by_one,
            batched,
            all_together,
            commit,
            paced,
        })
    }

    /// Commits at once what is due.
    async fn paced(&mut self, pace: Pace) -> Result<Latencies> {
        let mut paced = Paced::start(pace)?;
        loop {
            let due = paced.due();
            if due == 0 {
                return Ok(paced.end());
            }
            self.sends(due.into(), due.into()).await?;
            paced.done(due);
        }
    }

    async fn sends(&mut self, count: u64, batch: u64) -> Result<Duration> {
        let begin = Instant::now();
        let mut left = count;
        while left > 0 {
            let now = left.min(batch);
            let mut drafts = Vec::new();
            for _ in 0..now {
                drafts.push(self.draft()?);
            }
            self.send(&drafts).await?;
            left -= now;
        }
        Ok(begin.elapsed())
    }

    fn draft(&mut self) -> Result<(i64, i64, MessageId)> {
        let at = self.next % self.pairs.len().max(1);
        let (sender, conversation) = *self.pairs.get(at).context("nobody talks")?;
        self.next += 1;
        let now = clock_millis()?.unsigned_abs();
        Ok((sender, conversation, MessageId::from_parts(now, fresh())))
    }

    async fn send(&self, drafts: &[(i64, i64, MessageId)]) -> Result<()> {
        let now = clock_millis()?;
        let client = &self.client;
        let places = try_join_all(drafts.iter().map(|(sender, conversation, id)| async move {
            let id = id.as_bytes().as_slice();
            let (of_used, of_allowed, of_place): (Values<'_, 1>, Values<'_, 2>, Values<'_, 2>) =
                ([&id], [conversation, sender], [conversation, &now]);
            let used = client.query(&self.by_id, &of_used);
            let allowed = client.query_one(&self.may_send, &of_allowed);
            let place = client.query_one(&self.take_place, &of_place);
            let (used, (allowed, place)) = try_join(used, try_join(allowed, place)).await?;
            ensure!(used.is_empty(), "an id was minted twice");
            let friends: i64 = allowed.try_get(1)?;
            ensure!(friends == 1, "the two are no friends");
            let (rev, seq): (i64, i64) = (place.try_get(0)?, place.try_get(1)?);
            Ok((rev, seq))
        }));
        let begin = async { Ok(client.batch_execute("BEGIN").await?) };
        let ((), places) = try_join(begin, places).await?;
        let stored =
            drafts
                .iter()
                .zip(&places)
                .map(|((sender, conversation, id), (rev, seq))| async move {
                    let id = id.as_bytes().as_slice();
                    let row: Values<'_, 8> =
                        [conversation, seq, rev, sender, &id, &"text", &now, &CONTENT];
                    Ok::<_, anyhow::Error>(client.execute(&self.store, &row).await?)
                });
        let commit = async { Ok(client.batch_execute("COMMIT").await?) };
        try_join(try_join_all(stored), commit).await?;
        Ok(())
    }
}
