//! Finding out whether an address is a Magpie server's.

use magpie_protocol::{
    routes,
    server::{PRODUCT, PROTOCOL_VERSION, ServerInfo},
};

use super::{Home, ServerCheck, address};
use crate::{
    CoreError, FailureCode, LocalCode,
    api::{Http, Way},
};

impl Home {
    /// Asks a server what it is. A missing scheme is taken as https, or as http for this computer
    /// and for addresses of the local network.
    ///
    /// # Errors
    /// Each reason has its own [`crate::LocalCode`].
    pub async fn check_server(&self, address: &str) -> Result<ServerCheck, CoreError> {
        let mut failure: Option<CoreError> = None;
        for candidate in address::candidates(address)? {
            match check(&candidate, self.way()).await {
                Ok(found) => return Ok(found),
                Err(error) => {
                    // What answered, if wrongly, tells more than what did not.
                    let tells_more = failure.as_ref().is_none_or(|first| {
                        first.code() == FailureCode::Local(LocalCode::Unreachable)
                    });
                    if tells_more {
                        failure = Some(error);
                    }
                }
            }
        }
        Err(failure.unwrap_or_else(|| {
            CoreError::local(LocalCode::InvalidAddress, "there is nothing to ask")
        }))
    }
}

impl Home {
    /// Returns where a server offers newer versions of the app; nothing where it offers none. A
    /// server that is too new for this app is asked as well, for it is then that an update is
    /// needed.
    ///
    /// # Errors
    /// Why the server cannot be asked.
    pub async fn updates_of(&self, server_url: &str) -> Result<Option<String>, CoreError> {
        let found = Http::new(server_url, self.way())?.server().await?;
        let offers = found.info.product == PRODUCT && found.info.updates;
        let origin = found.url.origin().ascii_serialization();
        Ok(offers.then(|| format!("{origin}{}", routes::UPDATES)))
    }
}

/// Asks one address, given in canonical form.
pub(super) async fn check(url: &str, way: Way) -> Result<ServerCheck, CoreError> {
    let found = Http::new(url, way)?.server().await?;
    fits(&found.info)?;
    // Where it was led to is where to ask from now on.
    let url = address::canonical(&found.url.origin().ascii_serialization())?;
    Ok(ServerCheck {
        url,
        info: found.info,
    })
}

fn fits(info: &ServerInfo) -> Result<(), CoreError> {
    let (code, message) = if info.product != PRODUCT {
        (LocalCode::NotMagpie, "it is another product's server")
    } else if info.protocol < PROTOCOL_VERSION {
        (LocalCode::ServerTooOld, "the server is too old")
    } else if info.protocol_min > PROTOCOL_VERSION {
        (LocalCode::AppTooOld, "the server asks for a newer app")
    } else {
        return Ok(());
    };
    Err(CoreError::local(code, message))
}

#[cfg(test)]
mod tests {
    use magpie_protocol::server::RegistrationPolicy;

    use super::*;

    #[test]
    fn versions_that_do_not_fit_are_told_apart() {
        let fits = |product: &str, protocol, protocol_min| {
            fits(&ServerInfo {
                product: product.to_owned(),
                name: String::new(),
                version: String::new(),
                protocol,
                protocol_min,
                registration: RegistrationPolicy::Open,
                updates: false,
            })
            .map_err(|error| error.code())
        };
        let local = |code| Err(FailureCode::Local(code));
        let now = PROTOCOL_VERSION;
        assert_eq!(fits(PRODUCT, now, now), Ok(()));
        assert_eq!(fits(PRODUCT, now + 5, now), Ok(()));
        assert_eq!(fits(PRODUCT, now + 5, now + 1), local(LocalCode::AppTooOld));
        assert_eq!(fits(PRODUCT, now - 1, 0), local(LocalCode::ServerTooOld));
        assert_eq!(fits("other", now, now), local(LocalCode::NotMagpie));
    }
}
