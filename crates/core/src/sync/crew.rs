//! What sync is asked to fetch, each thing once at a time.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use magpie_protocol::{ConversationId, ErrorBody, ErrorCode};
use tokio::{task::JoinSet, time::Instant};

use super::catch_up;
use crate::{CoreError, client::Shared, socket::Backoff};

/// How many things are fetched at once.
const AT_ONCE: usize = 4;

/// Something to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Job {
    /// What was missed in all scopes.
    Everything,
    /// What was missed in the user's scope.
    User,
    /// What was missed in a conversation, known here or not.
    Conversation(ConversationId),
    /// The newest messages of a conversation that is known up to its cursor.
    Newest(ConversationId),
}

/// Jobs that wait, run, or wait for another try.
#[derive(Default)]
pub(super) struct Crew {
    waiting: VecDeque<Job>,
    running: HashSet<Job>,
    /// Asked for once more while it was running: what made it necessary may have come too late.
    again: HashSet<Job>,
    later: HashMap<Job, Instant>,
    tries: HashMap<Job, Backoff>,
    tasks: JoinSet<(Job, Result<(), CoreError>)>,
}

impl Crew {
    /// Asks for a job, unless it waits already.
    pub(super) fn want(&mut self, job: Job) {
        if self.running.contains(&job) {
            self.again.insert(job);
        } else if !self.waiting.contains(&job) {
            self.later.remove(&job);
            match job {
                // Everything else is easier after it.
                Job::Everything => self.waiting.push_front(job),
                _ => self.waiting.push_back(job),
            }
        }
    }

    /// Forgets everything, for there is no link any more.
    pub(super) fn dismiss(&mut self) {
        *self = Self::default();
    }

    /// Starts what may run.
    pub(super) fn start(&mut self, shared: &Arc<Shared>) {
        let now = Instant::now();
        let due: Vec<Job> = self
            .later
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(job, _)| *job)
            .collect();
        for job in due {
            self.want(job);
        }
        while self.running.len() < AT_ONCE && !self.running.contains(&Job::Everything) {
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            self.running.insert(job);
            let shared = Arc::clone(shared);
            self.tasks.spawn(async move {
                let outcome = match job {
                    Job::Everything => catch_up::everything(&shared).await,
                    Job::User => catch_up::user(&shared).await,
                    Job::Conversation(id) => catch_up::conversation(&shared, id).await,
                    Job::Newest(id) => catch_up::newest(&shared, id).await,
                };
                (job, outcome)
            });
        }
    }

    /// Waits for a job to end, and returns it when it ended well. Waits for ever where none runs.
    pub(super) async fn next_done(&mut self, shared: &Shared) -> Option<Job> {
        let Some(ended) = self.tasks.join_next().await else {
            return std::future::pending().await;
        };
        let (job, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // Which one it was is not known, so that everything is asked for, if not at once.
                tracing::error!(%error, "fetching broke off");
                self.break_off(shared.chance());
                return None;
            }
        };
        self.running.remove(&job);
        match outcome {
            Ok(()) => {
                self.tries.remove(&job);
                if self.again.remove(&job) {
                    self.want(job);
                }
                Some(job)
            }
            Err(CoreError::Server(ErrorBody {
                code: ErrorCode::ConversationNotFound,
                ..
            })) => {
                tracing::info!(?job, "the server does not know the conversation (any more)");
                self.again.remove(&job);
                Some(job)
            }
            Err(error) => {
                tracing::warn!(?job, %error, "fetching failed; it is tried again");
                shared.troubles.note("sync", error.code());
                self.again.remove(&job);
                self.put_off(job, shared.chance());
                None
            }
        }
    }

    /// Dismisses all jobs, and asks for everything later.
    fn break_off(&mut self, chance: f64) {
        let tries = std::mem::take(&mut self.tries);
        self.dismiss();
        self.tries = tries;
        self.put_off(Job::Everything, chance);
    }

    fn put_off(&mut self, job: Job, chance: f64) {
        let wait = self.tries.entry(job).or_default().next(chance);
        self.later.insert(job, Instant::now() + wait);
    }

    /// Returns when a job that failed is to be tried again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.later.values().min().copied()
    }

    /// Tells whether nothing waits or runs. What failed and waits for another try does not count, or
    /// one conversation would keep all others from being shown as up to date; that everything is to
    /// be asked for does.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
            && self.running.is_empty()
            && !self.later.contains_key(&Job::Everything)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_a_panic_nothing_runs_and_everything_is_asked_for_later() {
        let mut crew = Crew::default();
        let id = ConversationId::new(1).unwrap();
        for job in [Job::User, Job::Conversation(id)] {
            crew.running.insert(job);
            crew.tasks.spawn(std::future::pending());
        }
        crew.want(Job::User);
        crew.want(Job::Newest(id));
        crew.put_off(Job::Conversation(id), 0.5);
        crew.break_off(0.5);
        assert!(crew.tasks.is_empty() && crew.running.is_empty());
        assert!(crew.waiting.is_empty() && crew.again.is_empty());
        assert_eq!(crew.later.keys().collect::<Vec<_>>(), [&Job::Everything]);
        assert!(crew.tries.contains_key(&Job::Conversation(id)));
        // What is missing is not known, so that nothing is up to date.
        assert!(!crew.is_idle());
        crew.want(Job::Everything);
        assert!(crew.later.is_empty() && !crew.is_idle());
    }
}
