//! Starting at login from within a Flatpak, which the desktop's portal sees to: what an app writes into
//! its own folders there, nobody reads.
//!
//! The portal keeps one entry for the app, so that of several profiles the last to choose is started.

use std::{collections::HashMap, io, path::Path, time::Duration};

use futures_util::StreamExt as _;
use tokio::time::timeout;
use zbus::{
    Connection, MatchRule, MessageStream,
    message::Type,
    proxy,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use super::Entry;
use crate::bus;

/// How long it may take: the desktop may ask its user.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the app is called inside the sandbox.
const PROGRAM: &str = "magpie";

#[proxy(
    interface = "org.freedesktop.portal.Background",
    default_service = "org.freedesktop.portal.Desktop",
    default_path = "/org/freedesktop/portal/desktop",
    gen_blocking = false
)]
trait Background {
    fn request_background(
        &self,
        parent_window: &str,
        options: HashMap<&str, Value<'_>>,
    ) -> zbus::Result<OwnedObjectPath>;
}

/// Whether this copy runs in a Flatpak.
pub(super) fn is_needed() -> bool {
    Path::new("/.flatpak-info").exists()
}

/// Has the portal start this copy of the app at login, or not any more. Waits for its answer, on a
/// thread of the runtime or on any other.
pub(super) fn set(entry: &Entry, enabled: bool) -> io::Result<()> {
    let asked = async {
        let bus = bus::session().await?;
        ask(&bus, entry, enabled).await
    };
    let answer = tokio::task::block_in_place(|| {
        tauri::async_runtime::block_on(async { timeout(PATIENCE, asked).await })
    });
    match answer {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the desktop does not allow it",
        )),
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Returns whether it is now as was asked for.
async fn ask(bus: &Connection, entry: &Entry, enabled: bool) -> zbus::Result<bool> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .interface("org.freedesktop.portal.Request")?
        .member("Response")?
        .build();
    // Listened to before anything is asked, as the answer may come before it is known what to.
    let mut answers = MessageStream::for_match_rule(rule, bus, None).await?;
    let mut command = vec![PROGRAM.to_owned()];
    command.extend(entry.arguments());
    let options = HashMap::from([
        ("autostart", Value::from(enabled)),
        ("commandline", Value::from(command)),
    ]);
    let portal = BackgroundProxy::new(bus).await?;
    let request = portal.request_background("", options).await?;
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        if answer.header().path() != Some(&*request) {
            continue;
        }
        let body = answer.body();
        let (outcome, results): (u32, HashMap<String, OwnedValue>) = body.deserialize()?;
        let starts = results
            .get("autostart")
            .is_some_and(|value| matches!(**value, Value::Bool(true)));
        // One that may not run in the background is not started at login either.
        return Ok(!enabled || (outcome == 0 && starts));
    }
    Err(zbus::Error::Failure("the bus has ended".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Child, Command, Stdio},
    };

    use parking_lot::Mutex;
    use zbus::{connection::Builder, interface, message::Header};

    use super::*;

    /// A session bus of the test's own.
    struct Bus {
        daemon: Child,
        address: String,
    }

    impl Bus {
        fn start() -> Self {
            let mut daemon = Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--print-address"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut address = String::new();
            let output = daemon.stdout.take().unwrap();
            BufReader::new(output).read_line(&mut address).unwrap();
            Self {
                daemon,
                address: address.trim().to_owned(),
            }
        }
    }

    impl Drop for Bus {
        fn drop(&mut self) {
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        }
    }

    /// A portal whose user says yes or no.
    struct Portal {
        allows: bool,
        asked: Mutex<Option<(bool, Vec<String>)>>,
    }

    #[interface(name = "org.freedesktop.portal.Background")]
    impl Portal {
        async fn request_background(
            &self,
            parent_window: String,
            mut options: HashMap<String, OwnedValue>,
            #[zbus(header)] header: Header<'_>,
            #[zbus(connection)] bus: &Connection,
        ) -> OwnedObjectPath {
            assert_eq!(parent_window, "");
            let enabled: bool = options.remove("autostart").unwrap().try_into().unwrap();
            let command = options.remove("commandline").unwrap().try_into().unwrap();
            *self.asked.lock() = Some((enabled, command));
            let path = |name: &str| {
                let path = format!("/org/freedesktop/portal/desktop/request/1_1/{name}");
                OwnedObjectPath::try_from(path).unwrap()
            };
            let yes = |is: bool| HashMap::from([("autostart", Value::from(is))]);
            let answers = [
                ("others", 0_u32, yes(!(enabled && self.allows))),
                ("ours", u32::from(!self.allows), yes(enabled && self.allows)),
            ];
            // Both come before the call has returned.
            for (name, outcome, results) in answers {
                bus.emit_signal(
                    header.sender().cloned(),
                    path(name),
                    "org.freedesktop.portal.Request",
                    "Response",
                    &(outcome, results),
                )
                .await
                .unwrap();
            }
            path("ours")
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_portal_is_asked_and_its_answer_holds() {
        let bus = Bus::start();
        let entry = Entry {
            profile: "bob".to_owned(),
            data_dir: None,
            hidden: true,
        };
        for (allows, enabled, done) in [
            (true, true, true),
            (false, true, false),
            (true, false, true),
            (false, false, true),
        ] {
            let portal = Portal {
                allows,
                asked: Mutex::default(),
            };
            let served = Builder::address(bus.address.as_str())
                .unwrap()
                .serve_at("/org/freedesktop/portal/desktop", portal)
                .unwrap()
                .name("org.freedesktop.portal.Desktop")
                .unwrap()
                .build()
                .await
                .unwrap();
            let ours = Builder::address(bus.address.as_str()).unwrap();
            let ours = ours.build().await.unwrap();
            let answer = timeout(Duration::from_secs(30), ask(&ours, &entry, enabled));
            assert_eq!(answer.await.unwrap().unwrap(), done, "{allows} {enabled}");
            let portal = served
                .object_server()
                .interface::<_, Portal>("/org/freedesktop/portal/desktop")
                .await
                .unwrap();
            let asked = portal.get().await.asked.lock().take();
            let command = ["magpie", "--profile", "bob", "--hidden"];
            assert_eq!(asked, Some((enabled, command.map(str::to_owned).to_vec())));
            served.close().await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_portal_it_fails() {
        let bus = Bus::start();
        let entry = Entry {
            profile: "default".to_owned(),
            data_dir: None,
            hidden: false,
        };
        let ours = Builder::address(bus.address.as_str()).unwrap();
        let ours = ours.build().await.unwrap();
        let answer = timeout(Duration::from_secs(30), ask(&ours, &entry, true));
        assert!(answer.await.unwrap().is_err());
    }
}
