//! What a failure of the library means to people.

use std::{cmp::Ordering, str::FromStr};

use minisign_verify::Error as SignatureError;
use tauri_plugin_updater::Error;

use super::UpdateRefusal;

/// Returns why an update is refused that the library did not take. `current` is this app's version.
pub(super) fn of<V: FromStr + PartialOrd>(error: &Error, current: &V) -> UpdateRefusal {
    match error {
        Error::Minisign(error) => of_signature(error),
        // Nothing that could be a signature.
        Error::Base64(_) | Error::SignatureUtf8(_) | Error::MissingSignedVersion => {
            UpdateRefusal::Signature
        }
        // It was signed, as another version than it is announced as.
        Error::SignedVersionMismatch { signed, .. } => match signed
            .trim_start_matches('v')
            .parse()
            .ok()
            .and_then(|signed| current.partial_cmp(&signed))
        {
            Some(Ordering::Greater | Ordering::Equal) => UpdateRefusal::Older,
            _ => UpdateRefusal::Signature,
        },
        Error::Reqwest(error) if error.is_body() || error.is_decode() => UpdateRefusal::Damaged,
        Error::Reqwest(_)
        | Error::Network(_)
        | Error::ReleaseNotFound
        | Error::Serialization(_)
        | Error::UrlParse(_)
        | Error::Semver(_) => UpdateRefusal::Unreachable,
        _ => UpdateRefusal::Failed,
    }
}

/// The key's number says whose signature it is; whether it fits, only the package can tell.
fn of_signature(error: &SignatureError) -> UpdateRefusal {
    match error {
        SignatureError::InvalidSignature => UpdateRefusal::Damaged,
        _ => UpdateRefusal::Signature,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mismatch(signed: &str) -> UpdateRefusal {
        let error = Error::SignedVersionMismatch {
            signed: signed.to_owned(),
            announced: "9".to_owned(),
        };
        of(&error, &5_u32)
    }

    #[test]
    fn what_was_signed_as_another_version_is_told_apart() {
        assert_eq!(mismatch("4"), UpdateRefusal::Older);
        assert_eq!(mismatch("v5"), UpdateRefusal::Older);
        assert_eq!(mismatch("6"), UpdateRefusal::Signature);
        assert_eq!(mismatch("nonsense"), UpdateRefusal::Signature);
    }

    #[test]
    fn whose_signature_it_is_matters_more_than_whether_it_fits() {
        let of = |error| of(&Error::Minisign(error), &1_u32);
        assert_eq!(
            of(SignatureError::UnexpectedKeyId),
            UpdateRefusal::Signature
        );
        assert_eq!(
            of(SignatureError::InvalidEncoding),
            UpdateRefusal::Signature
        );
        assert_eq!(of(SignatureError::InvalidSignature), UpdateRefusal::Damaged);
    }

    #[test]
    fn what_is_no_manifest_is_no_place_to_update_from() {
        let of = |error| of(&error, &1_u32);
        assert_eq!(of(Error::ReleaseNotFound), UpdateRefusal::Unreachable);
        assert_eq!(of(Error::MissingSignedVersion), UpdateRefusal::Signature);
        assert_eq!(of(Error::PackageInstallFailed), UpdateRefusal::Failed);
    }
}
