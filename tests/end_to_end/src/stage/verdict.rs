//! Whether all came right in the end.

use std::{collections::HashSet, time::Duration};

use magpie_protocol::{ConversationId, MessageId, messages::Message, sync::Head};

use super::{Stage, Tally, running::Servers};
use crate::{Device, Link, Person, check, eventually};

/// How long everybody may take to come to the same view at the end of a test.
const CONVERGENCE: Duration = Duration::from_secs(90);

/// A device that has passed nothing for so long fetches nothing any more.
const QUIET: Duration = Duration::from_millis(300);

impl Stage {
    /// Checks that everything came right: heals what is broken, starts what is off, and waits until
    /// each, started once more without a network, shows all that the server has from its own disk.
    /// Reading with a network would fetch what is missing and hide that it was. Then all must agree
    /// online as well, marks included. The server is held against the record each time. Returns the
    /// figures, and prints them.
    ///
    /// # Panics
    /// When they do not come to agree, with what is wrong.
    pub async fn all_is_well(&self) -> Tally {
        if let Servers::Several(nodes) = &self.servers {
            nodes.heal().await;
        }
        let cast = self.cast();
        for device in cast.iter().flat_map(Person::devices) {
            device.link().forget_faults();
            device.link().delay(Duration::ZERO);
            device.link().release();
            device.link().open();
            if !device.runs() {
                device.start().await;
            }
            device.core().reconnect();
        }
        for device in cast.iter().flat_map(Person::devices) {
            device.until_online().await;
        }
        for person in &cast {
            for device in person.devices() {
                self.shows_all_offline(person, &device).await;
            }
        }
        for device in cast.iter().flat_map(Person::devices) {
            device.until_online().await;
        }
        eventually("all agree", CONVERGENCE, async || {
            for person in &cast {
                let known = self.known(person).await?;
                for device in person.devices() {
                    check::device(&device, person, &known).await?;
                }
                check::marks(&known, &cast)?;
            }
            Ok(())
        })
        .await;
        let tally = eventually("all is counted", CONVERGENCE, async || {
            self.tally(&cast).await
        })
        .await;
        let scene = std::thread::current().name().unwrap_or("?").to_owned();
        println!("the record of {scene}: {tally}");
        assert_eq!((tally.lost, tally.doubled, tally.out_of_order), (0, 0, 0));
        tally
    }

    /// Waits until the device shows everything without a network, right after its start.
    async fn shows_all_offline(&self, person: &Person, device: &Device) {
        let what = format!("{} holds everything", device.label());
        eventually(&what, CONVERGENCE, async || {
            // It fetches what it missed by itself; a restart in the middle would only delay it.
            device.until_online().await;
            device.link().until_quiet(QUIET).await;
            let known = self.known(person).await?;
            device.link().refuse();
            device.close().await;
            device.start().await;
            let checked = check::device(device, person, &known).await;
            device.link().open();
            device.core().reconnect();
            checked
        })
        .await;
    }

    /// Asks the server what a person should see, and checks the histories against the record.
    async fn known(&self, person: &Person) -> Result<check::Known, String> {
        let sync = self.observer.sync(person).await?;
        let mut conversations: Vec<(Head, Vec<Message>, _)> = Vec::new();
        for head in sync.heads {
            let id: ConversationId = head.conversation.id;
            let history = self.observer.history(person, id).await?;
            let refused = self.record.check(id, &history);
            let refused = refused.map_err(|wrong| format!("the server, in {id}: {wrong}"))?;
            conversations.push((head, history, refused));
        }
        Ok(check::Known {
            conversations,
            friends: self.observer.friends(person).await?,
            blocks: self.observer.blocks(person).await?,
        })
    }

    /// Counts what every device shows, and holds the server against every `ack` that was heard.
    async fn tally(&self, cast: &[Person]) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let acknowledged = self.acknowledged();
        let (mut stored, mut not_sent) = (HashSet::new(), HashSet::new());
        for person in cast {
            let known = self.known(person).await?;
            for (_, history, refused) in &known.conversations {
                stored.extend(history.iter().map(|message| message.id));
                not_sent.extend(refused.iter().map(|entry| entry.id));
            }
            for device in person.devices() {
                tally.devices += 1;
                for (head, _, refused) in &known.conversations {
                    let id = head.conversation.id;
                    let mut entries = self.record.entries(id);
                    entries.retain(|entry| !refused.contains(entry));
                    let whole = device.timeline(id).await?;
                    tally.count(&whole.messages, &entries);
                }
            }
        }
        if let Some(id) = acknowledged.iter().find(|id| !stored.contains(id)) {
            return Err(format!("{id} was acknowledged and is lost"));
        }
        tally.sent = self.record.len() - not_sent.len();
        tally.acknowledged = acknowledged.len();
        Ok(tally)
    }

    /// Returns how many messages were acknowledged so far.
    #[must_use]
    pub fn acks(&self) -> usize {
        self.acknowledged().len()
    }

    /// Returns the messages whose `ack` has come through, over whatever wire.
    fn acknowledged(&self) -> HashSet<MessageId> {
        let devices = self.cast().into_iter().flat_map(|person| person.devices());
        let mut links: Vec<Link> = devices.map(|device| device.link().clone()).collect();
        if let Servers::Several(nodes) = &self.servers {
            links.extend(nodes.doors().cloned());
        }
        let wires = links.iter().flat_map(Link::acknowledged);
        wires.chain(self.observer.acknowledged()).collect()
    }
}
