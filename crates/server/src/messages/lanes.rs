//! Where what sockets and requests want to write to conversations is gathered.
//!
//! Each conversation belongs to a lane. A lane has one transaction under way at a time and writes
//! with the next all that has come meanwhile, whoever it came from: so a transaction is paid for
//! once for many messages, and what goes to one conversation keeps its order.

use std::{ops::Range, sync::Arc};

use futures_util::future;
use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode, Timestamp, UserId, conversations::Marks, messages::Sent,
};
use tokio::sync::oneshot;

use super::{
    draft::Draft,
    store::{self, Post},
};
use crate::{
    app::App,
    conversations::{self, Move},
    db::{DbError, Tx},
    error::AppError,
    gather::Gather,
};

/// The most messages and marks that one transaction writes; a parcel is not divided. The pages of
/// the database that they lie on are written once for all of them, so more is cheaper, but whoever
/// else wants to write waits for as long.
const BATCH: usize = 512;

/// How often a batch is tried again when another node was faster with one of its ids.
const TRIES: usize = 3;

/// Marks and where they belong.
pub(crate) type Due = Vec<(ConversationId, Marks)>;

/// All lanes of this node.
#[derive(Debug)]
pub(crate) struct Lanes(Vec<Arc<Gather<Parcel>>>);

/// What became of what was to be written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The answer to each message, in order.
    pub(crate) sent: Vec<Result<Sent, ErrorBody>>,
    /// The refusals of marks, one for each conversation where they were refused.
    pub(crate) refused: Vec<ErrorBody>,
}

/// What one person writes.
#[derive(Debug)]
struct Work {
    user: UserId,
    drafts: Vec<Draft>,
    marks: Due,
}

#[derive(Debug)]
struct Parcel {
    work: Work,
    reply: oneshot::Sender<Written>,
}

impl Work {
    fn weight(&self) -> usize {
        self.drafts.len() + self.marks.len()
    }

    /// Makes the answer for when nothing of it was done.
    fn failed(&self, body: &ErrorBody) -> Written {
        Written {
            sent: vec![Err(body.clone()); self.drafts.len()],
            refused: vec![body.clone(); self.marks.len()],
        }
    }
}

impl Lanes {
    /// Makes `count` lanes, at least one.
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count.max(1)).map(|_| Arc::default()).collect())
    }

    /// Stores messages, then marks, of one person. When this returns, what was not refused is on
    /// the disk. Once begun, it is carried through even when nobody waits for the answer any more.
    pub(crate) async fn write(
        &self,
        app: &App,
        user: UserId,
        drafts: Vec<Draft>,
        marks: Due,
    ) -> Written {
        let mut parts: Vec<(Vec<usize>, Work)> = Vec::new();
        parts.resize_with(self.0.len(), || {
            let work = Work {
                user,
                drafts: Vec::new(),
                marks: Vec::new(),
            };
            (Vec::new(), work)
        });
        let count = drafts.len();
        for (place, draft) in drafts.into_iter().enumerate() {
            if let Some((places, work)) = parts.get_mut(self.number(draft.conversation_id())) {
                places.push(place);
                work.drafts.push(draft);
            }
        }
        for (id, marks) in marks {
            if let Some((_, work)) = parts.get_mut(self.number(id)) {
                work.marks.push((id, marks));
            }
        }
        let parts = parts
            .into_iter()
            .zip(&self.0)
            .filter(|((_, work), _)| work.weight() > 0)
            .map(|((places, work), lane)| {
                let failed = work.failed(&unavailable());
                let written = post(app, lane, work);
                async move { (places, written.await.unwrap_or(failed)) }
            });
        let mut all = Written {
            sent: vec![Err(unavailable()); count],
            refused: Vec::new(),
        };
        for (places, written) in future::join_all(parts).await {
            for (place, answer) in places.into_iter().zip(written.sent) {
                if let Some(slot) = all.sent.get_mut(place) {
                    *slot = answer;
                }
            }
            all.refused.extend(written.refused);
        }
        app.metrics().sent(&all.sent);
        all
    }

    fn number(&self, id: ConversationId) -> usize {
        let count = self.0.len() as u64;
        usize::try_from(id.get().checked_rem(count).unwrap_or_default()).unwrap_or_default()
    }
}

/// Puts a parcel on a lane and sees to it that the lane moves.
fn post(app: &App, lane: &Arc<Gather<Parcel>>, work: Work) -> oneshot::Receiver<Written> {
    let (reply, written) = oneshot::channel();
    if lane.put(Parcel { work, reply }) {
        app.tasks().spawn(run(app.clone(), Arc::clone(lane)));
    }
    written
}

/// Ends a lane's turn when its task ends before its time.
struct Turn(Arc<Gather<Parcel>>);

impl Drop for Turn {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.give_up();
        }
    }
}

/// Writes what waits on a lane until nothing does.
async fn run(app: App, lane: Arc<Gather<Parcel>>) {
    let turn = Turn(lane);
    let mut answers: Vec<(oneshot::Sender<Written>, Written)> = Vec::new();
    loop {
        let parcels = turn.0.take(BATCH, |parcel| parcel.work.weight());
        if parcels.is_empty() {
            break;
        }
        let (work, replies): (Vec<_>, Vec<_>) = parcels
            .into_iter()
            .map(|parcel| (parcel.work, parcel.reply))
            .unzip();
        // The next batch is on its way before the last one is answered.
        let answering = future::lazy(|_| answer(std::mem::take(&mut answers)));
        let (written, ()) = tokio::join!(write(&app, work), answering);
        answers = replies.into_iter().zip(written).collect();
    }
    answer(answers);
}

fn answer(answers: Vec<(oneshot::Sender<Written>, Written)>) {
    for (reply, written) in answers {
        // Nobody may be waiting any more.
        let _ = reply.send(written);
    }
}

/// Writes a batch, if it must be each parcel alone, so that one that cannot be written does not
/// keep the others from it.
async fn write(app: &App, work: Vec<Work>) -> Vec<Written> {
    let work = Arc::new(work);
    let all = 0..work.len();
    match attempt(app, &work, all.clone()).await {
        Ok(written) => written,
        Err(body) if all.len() == 1 || body.code == ErrorCode::Unavailable => {
            work.iter().map(|work| work.failed(&body)).collect()
        }
        Err(_) => {
            let mut written = Vec::with_capacity(work.len());
            for (place, one) in work.iter().enumerate() {
                match attempt(app, &work, place..place + 1).await {
                    Ok(alone) => written.extend(alone),
                    Err(body) => written.push(one.failed(&body)),
                }
            }
            written
        }
    }
}

async fn attempt(
    app: &App,
    work: &Arc<Vec<Work>>,
    range: Range<usize>,
) -> Result<Vec<Written>, ErrorBody> {
    let mut tries = TRIES;
    loop {
        let (work, range, now) = (Arc::clone(work), range.clone(), app.now());
        let written = app
            .db()
            .write_locked(move |tx| write_in(tx, now, work.get(range.clone()).unwrap_or_default()))
            .await;
        match written {
            Ok(written) => return Ok(written),
            Err(DbError::Duplicate) if tries > 1 => tries -= 1,
            Err(error) => return Err(AppError::from(error).into_body()),
        }
    }
}

fn write_in(tx: &mut Tx<'_>, now: Timestamp, work: &[Work]) -> Result<Vec<Written>, DbError> {
    let posts: Vec<Post<'_>> = work
        .iter()
        .flat_map(|work| {
            let sender = work.user;
            work.drafts.iter().map(move |draft| Post { sender, draft })
        })
        .collect();
    let moves: Vec<Move> = work
        .iter()
        .flat_map(|work| {
            let user = work.user;
            let to_move = move |(id, marks): &(ConversationId, Marks)| Move {
                user,
                conversation: *id,
                marks: marks.clone(),
            };
            work.marks.iter().map(to_move)
        })
        .collect();
    let mut sent = store::store(tx, now, &posts)?.into_iter();
    let mut moved = conversations::advance_marks(tx, &moves)?.into_iter();
    Ok(work
        .iter()
        .map(|work| Written {
            sent: sent.by_ref().take(work.drafts.len()).collect(),
            refused: moved
                .by_ref()
                .take(work.marks.len())
                .filter_map(Result::err)
                .collect(),
        })
        .collect())
}

fn unavailable() -> ErrorBody {
    AppError::from(ErrorCode::Unavailable).into_body()
}
