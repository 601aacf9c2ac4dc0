//! What went wrong lately, by its code.

use std::{collections::VecDeque, sync::Arc};

use magpie_protocol::Timestamp;
use parking_lot::Mutex;

use crate::{Clock, FailureCode};

/// How many failures are remembered.
const REMEMBERED: usize = 40;

/// Something that went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// When.
    pub(crate) at: Timestamp,
    /// In which part of the program.
    pub(crate) place: &'static str,
    /// What. The text that goes with it may name somebody, and is not kept.
    pub(crate) code: FailureCode,
}

/// The last failures of a home. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Troubles {
    clock: Arc<dyn Clock>,
    list: Arc<Mutex<VecDeque<Trouble>>>,
}

impl Troubles {
    /// Begins with none.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            list: Arc::default(),
        }
    }

    /// Notes that something went wrong in a part of the program.
    pub(crate) fn note(&self, place: &'static str, code: FailureCode) {
        let at = self.clock.now();
        let mut list = self.list.lock();
        if list.len() == REMEMBERED {
            list.pop_front();
        }
        list.push_back(Trouble { at, place, code });
    }

    /// Returns the last failures, the latest last.
    pub(crate) fn list(&self) -> Vec<Trouble> {
        self.list.lock().iter().copied().collect()
    }
}
