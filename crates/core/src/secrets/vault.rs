//! The app lock: a key that seals all other secrets, itself sealed by a passphrase.
//!
//! The passphrase goes through Argon2id, and what comes out of it seals the key, with which tokens
//! and database keys are sealed before they go to the keychain. Locked, the app has none of it in
//! memory: reading a secret fails. Somebody who has the keychain must still guess the passphrase, at
//! the price of an Argon2id each; somebody who has the app open before them is made to wait longer
//! after each wrong try, also when the app is started anew.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use magpie_protocol::Timestamp;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::{CoreError, LocalCode};

/// What a sealed secret begins with; no other does.
const MARK: &str = "sealed:";
/// The memory that each guess takes, in KiB.
const MEMORY_KIB: u32 = 64 * 1024;
/// How often it is gone through.
const PASSES: u32 = 3;
/// So many wrong tries cost no waiting.
const FREE_TRIES: u32 = 3;
/// What the first one after them costs; it doubles with each.
const FIRST_WAIT_MS: u64 = 5_000;
const LONGEST_WAIT_MS: u64 = 15 * 60_000;

/// The key that seals secrets. It does not show itself, and is overwritten when it goes.
#[derive(Clone)]
pub(super) struct Seal(Zeroizing<[u8; 32]>);

impl Seal {
    /// Takes random bytes.
    pub(super) const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Seals a text under its name, with random bytes that are used once.
    pub(super) fn close(
        &self,
        name: &str,
        text: &str,
        nonce: [u8; NONCE_LEN],
    ) -> Result<String, CoreError> {
        let mut bytes = text.as_bytes().to_vec();
        key(&self.0)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| internal("a secret cannot be sealed"))?;
        let sealed = [nonce.as_slice(), &bytes].concat();
        Ok(format!("{MARK}{}", BASE64_STANDARD.encode(sealed)))
    }

    /// Opens what was sealed under this name with this key; none for anything else.
    pub(super) fn open(&self, name: &str, sealed: &str) -> Option<String> {
        let sealed = BASE64_STANDARD.decode(sealed.strip_prefix(MARK)?).ok()?;
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN)?;
        let mut bytes = bytes.to_vec();
        let open = key(&self.0)
            .ok()?
            .open_in_place(
                Nonce::try_assume_unique_for_key(nonce).ok()?,
                Aad::from(name.as_bytes()),
                &mut bytes,
            )
            .ok()?;
        std::str::from_utf8(open).ok().map(str::to_owned)
    }
}

/// Tells whether a secret is sealed.
pub(super) fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

/// What the keychain holds of the lock: all that is needed to try a passphrase, and how often that
/// went wrong.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Record {
    memory_kib: u32,
    passes: u32,
    salt: String,
    sealed: String,
    failures: u32,
    retry_at: Timestamp,
}

/// What came of a passphrase.
pub(super) enum Tried {
    /// It fits. The record changed where it is given.
    Fits(Seal, Option<Record>),
    /// It does not, and the record counts that.
    Wrong(Record),
}

/// What a passphrase is mixed with, and what its key is used once with.
pub(super) struct Dice {
    /// For the passphrase.
    pub(super) salt: [u8; 16],
    /// For the seal.
    pub(super) nonce: [u8; NONCE_LEN],
}

const NAME: &str = "lock";

impl Record {
    /// Seals the key by a passphrase. Takes a while, and a lot of memory.
    pub(super) fn new(seal: &Seal, passphrase: &str, dice: &Dice) -> Result<Self, CoreError> {
        let mut record = Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            salt: BASE64_STANDARD.encode(dice.salt),
            sealed: String::new(),
            failures: 0,
            retry_at: Timestamp(0),
        };
        let outer = record.outer(passphrase)?;
        let inner = Zeroizing::new(BASE64_STANDARD.encode(seal.0.as_slice()));
        record.sealed = outer.close(NAME, &inner, dice.nonce)?;
        Ok(record)
    }

    /// Returns how long no passphrase is tried.
    pub(super) fn wait_ms(&self, now: Timestamp) -> Option<u64> {
        // A clock that was set back must not lock anybody out for years.
        let wait = self.retry_at.millis_since(now);
        u64::try_from(wait)
            .ok()
            .filter(|wait| *wait > 0)
            .map(|wait| wait.min(LONGEST_WAIT_MS))
    }

    /// Tries a passphrase. Takes a while, and a lot of memory.
    pub(super) fn try_out(&self, passphrase: &str, now: Timestamp) -> Result<Tried, CoreError> {
        let opened = self.outer(passphrase)?.open(NAME, &self.sealed);
        let Some(text) = opened.map(Zeroizing::new) else {
            let failures = self.failures.saturating_add(1);
            let wait = i64::try_from(wait_after(failures)).unwrap_or(i64::MAX);
            return Ok(Tried::Wrong(Self {
                failures,
                retry_at: now.plus_millis(wait),
                ..self.clone()
            }));
        };
        let no_key = |_| internal("the lock holds no key");
        let decoded = Zeroizing::new(BASE64_STANDARD.decode(text.as_bytes()).map_err(no_key)?);
        let bytes = <[u8; 32]>::try_from(decoded.as_slice());
        let bytes = bytes.map_err(|_| internal("the lock holds no key"))?;
        let forgiven = (self.failures > 0).then(|| Self {
            failures: 0,
            retry_at: Timestamp(0),
            ..self.clone()
        });
        Ok(Tried::Fits(Seal(Zeroizing::new(bytes)), forgiven))
    }

    fn outer(&self, passphrase: &str) -> Result<Seal, CoreError> {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32));
        let params = params.map_err(|_| internal("the lock asks for what Argon2 does not do"))?;
        let salt = BASE64_STANDARD.decode(&self.salt);
        let salt = salt.map_err(|_| internal("the lock's salt cannot be read"))?;
        // The same passphrase may be typed in several forms.
        let passphrase: Zeroizing<String> = Zeroizing::new(passphrase.nfc().collect());
        let mut bytes = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, bytes.as_mut_slice())
            .map_err(|_| internal("the passphrase cannot be hashed"))?;
        Ok(Seal(bytes))
    }
}

/// Returns how long to wait after so many wrong tries.
fn wait_after(failures: u32) -> u64 {
    match failures.checked_sub(FREE_TRIES) {
        None => 0,
        Some(many) => LONGEST_WAIT_MS.min(FIRST_WAIT_MS.saturating_mul(1 << many.min(16))),
    }
}

fn key(bytes: &[u8; 32]) -> Result<LessSafeKey, CoreError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, bytes);
    key.map(LessSafeKey::new)
        .map_err(|_| internal("a key of another length"))
}

fn internal(what: &str) -> CoreError {
    CoreError::local(LocalCode::Internal, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(byte: u8) -> Seal {
        Seal::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn what_is_sealed_opens_under_its_name_with_its_key_and_not_otherwise() {
        let sealed = seal(1).close("a/tokens", "secret", [7; NONCE_LEN]).unwrap();
        assert!(is_sealed(&sealed) && !sealed.contains("secret"));
        assert_eq!(seal(1).open("a/tokens", &sealed).as_deref(), Some("secret"));
        assert_eq!(seal(1).open("b/tokens", &sealed), None);
        assert_eq!(seal(2).open("a/tokens", &sealed), None);
        for broken in [
            "",
            "secret",
            "sealed:",
            "sealed:AAAA",
            &format!("{sealed}A"),
        ] {
            assert_eq!(seal(1).open("a/tokens", broken), None, "{broken}");
        }
    }

    #[test]
    fn wrong_tries_cost_more_and_more_and_a_right_one_forgives_them() {
        let dice = Dice {
            salt: [1; 16],
            nonce: [2; NONCE_LEN],
        };
        let mut record = Record {
            // Of no use against anybody, and quick.
            memory_kib: 64,
            passes: 1,
            ..Record::new(&seal(5), "", &dice).unwrap()
        };
        let inner = BASE64_STANDARD.encode([5; 32]);
        let outer = record.outer("e\u{301}t\u{e9}").unwrap();
        record.sealed = outer.close(NAME, &inner, [3; NONCE_LEN]).unwrap();
        let now = Timestamp(1_000);
        let mut waits = Vec::new();
        for _ in 0..5 {
            let Tried::Wrong(next) = record.try_out("guess", now).unwrap() else {
                panic!("it fits");
            };
            record = next;
            waits.push(record.wait_ms(now).unwrap_or(0));
        }
        assert_eq!(waits, [0, 0, 5_000, 10_000, 20_000]);
        assert_eq!(record.wait_ms(now.plus_millis(20_000)), None);
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT_MS);
        // Typed in another form of Unicode.
        let Tried::Fits(opened, Some(record)) = record.try_out("\u{e9}te\u{301}", now).unwrap()
        else {
            panic!("it does not fit");
        };
        assert_eq!((opened.0, record.failures), (seal(5).0, 0));
    }
}
