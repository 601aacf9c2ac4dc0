//! Password hashes: Argon2id, a few at a time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use magpie_protocol::{ErrorCode, sessions::PasswordDigest};
use tokio::sync::Semaphore;

use crate::{
    AppError,
    clock::{self, Random},
    config::Config,
};

/// How many may wait for their turn; whoever comes later is sent away, to come again.
const WAITING: usize = 512;

/// Hashes passwords, on threads where that holds up nobody else. As each hash takes its memory and
/// a core, only a few are made at the same time.
#[derive(Clone)]
pub(crate) struct Passwords(Arc<Hasher>);

struct Hasher {
    argon2: Argon2<'static>,
    // Of nobody's password: names that do not exist are checked against it, and so take as long.
    nobody: String,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Passwords {
    /// Gets ready, which takes the time of one hash.
    ///
    /// # Errors
    /// When Argon2 does not take the settings.
    pub(crate) fn new(config: &Config, random: &dyn Random) -> Result<Self, password_hash::Error> {
        let params = Params::new(
            config.argon2_memory_kib,
            config.argon2_passes,
            config.argon2_lanes,
            None,
        )?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let password = clock::bytes::<32>(random);
        let nobody = argon2
            .hash_password_with_salt(&password, &clock::bytes::<16>(random))?
            .to_string();
        let threads = match config.hashing_threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => usize::try_from(threads).unwrap_or(1),
        };
        Ok(Self(Arc::new(Hasher {
            argon2,
            nobody,
            turns: Arc::new(Semaphore::new(threads)),
            waiting: AtomicUsize::new(0),
        })))
    }

    /// Returns the hash of a password as a PHC string, for the database.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] when too many wait.
    pub(crate) async fn hash(
        &self,
        password: PasswordDigest,
        random: &dyn Random,
    ) -> Result<String, AppError> {
        let salt = clock::bytes::<16>(random);
        self.run(move |hasher| {
            hasher
                .argon2
                .hash_password_with_salt(password.as_str().as_bytes(), &salt)
                .map(|hash| hash.to_string())
        })
        .await
    }

    /// Returns the stored hash if it is the password's. Without one, says no after the same time.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] when too many wait; a failure when the hash cannot be read.
    pub(crate) async fn check(
        &self,
        password: PasswordDigest,
        stored: Option<String>,
    ) -> Result<Option<String>, AppError> {
        self.run(move |hasher| {
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(&hasher.nobody))?;
            match hasher
                .argon2
                .verify_password(password.as_str().as_bytes(), &hash)
            {
                Ok(()) => Ok(stored),
                Err(password_hash::Error::PasswordInvalid) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hasher) -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, AppError> {
        let hasher = Arc::clone(&self.0);
        let place = Place::take(&hasher)?;
        let turn = Arc::clone(&hasher.turns).acquire_owned().await;
        let turn = turn.map_err(AppError::failed)?;
        drop(place);
        let working = Arc::clone(&hasher);
        let done = tokio::task::spawn_blocking(move || {
            // Ends with the work, which goes on when whoever asked has gone: were it given back
            // earlier, asking and hanging up would start any number of hashes at the same time.
            let _turn = turn;
            work(&working)
        });
        done.await
            .map_err(AppError::failed)?
            .map_err(AppError::failed)
    }
}

/// A place among those who wait.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(hasher: &'a Hasher) -> Result<Self, AppError> {
        let place = Self(&hasher.waiting);
        if hasher.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            return Err(AppError::wait(ErrorCode::RateLimited, 5_000));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    fn cheap() -> Passwords {
        let config = Config {
            argon2_memory_kib: 8,
            argon2_passes: 1,
            ..Config::default()
        };
        Passwords::new(&config, &SystemRandom).unwrap()
    }

    #[tokio::test]
    async fn only_the_password_itself_is_taken() {
        let passwords = cheap();
        let digest = |byte| PasswordDigest::from_md5([byte; 16]);
        let stored = passwords.hash(digest(1), &SystemRandom).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"),
            "{stored}"
        );
        let check = |byte, stored| passwords.check(digest(byte), stored);
        assert_eq!(
            check(1, Some(stored.clone())).await.unwrap(),
            Some(stored.clone())
        );
        assert_eq!(check(2, Some(stored)).await.unwrap(), None);
        assert_eq!(check(1, None).await.unwrap(), None);
        assert!(check(1, Some("plain".into())).await.is_err());
    }

    #[tokio::test]
    async fn who_hangs_up_does_not_free_a_turn_before_the_work_is_done() {
        let passwords = cheap();
        let turns = Arc::clone(&passwords.0.turns);
        let all = turns.available_permits();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, may_end) = std::sync::mpsc::channel::<()>();
        let asking = tokio::spawn(async move {
            passwords
                .run(move |_| {
                    begun.send(()).unwrap();
                    may_end.recv().unwrap();
                    Ok(())
                })
                .await
                .unwrap();
        });
        has_begun.await.unwrap();
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        assert_eq!(turns.available_permits(), all - 1);
        go_on.send(()).unwrap();
        let every = u32::try_from(all).unwrap();
        drop(turns.acquire_many(every).await.unwrap());
    }
}
