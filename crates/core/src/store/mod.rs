//! The local database of one account: everything the screen shows, and everything still owed.
//!
//! One encrypted SQLite file per account. All SQL of the crate stands in [`table`], one file per
//! table. [`Store::write`] runs its closure in a savepoint and returns once the transaction is
//! synced to the disk; writes that wait at the same time share one transaction. [`Store::read`]
//! runs beside it and sees the last committed state. Neither blocks the runtime's threads.

mod error;
mod open;
mod pool;
mod rescue;
mod schema;
pub(crate) mod table;
mod value;

pub(crate) use error::{Result, StoreError};
pub(crate) use open::{DatabaseKey, open};
pub(crate) use pool::{Store, Tx, WeakStore};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
