//! Who listens to what on this node.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use magpie_protocol::{
    ConversationId, DeviceId, UserId,
    frames::{ByeReason, ServerFrame},
    sync::Scope,
};
use parking_lot::Mutex;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Event, Outlet};

const SHARDS: usize = 16;

type Listeners = HashMap<Scope, Vec<Arc<Outlet>>>;

/// The bus of one node: hands events to the connected sockets. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Bus(Arc<Hub>);

#[derive(Debug, Default)]
struct Hub {
    // By scope, in shards so that a busy conversation does not hold up the others.
    shards: [Mutex<Listeners>; SHARDS],
    devices: Mutex<HashMap<DeviceId, Arc<Outlet>>>,
}

impl Hub {
    fn shard(&self, scope: Scope) -> &Mutex<Listeners> {
        let number = match scope {
            Scope::User(id) => id.get(),
            Scope::Conversation(id) => id.get().wrapping_add(7),
        };
        let index = usize::try_from(number).unwrap_or_default() % SHARDS;
        self.shards.get(index).unwrap_or(&self.shards[0])
    }

    fn insert(&self, scope: Scope, outlet: &Arc<Outlet>) {
        let mut listeners = self.shard(scope).lock();
        listeners.entry(scope).or_default().push(Arc::clone(outlet));
    }

    fn remove(&self, scope: Scope, outlet: &Arc<Outlet>) {
        let mut listeners = self.shard(scope).lock();
        if let Entry::Occupied(mut entry) = listeners.entry(scope) {
            entry.get_mut().retain(|other| !Arc::ptr_eq(other, outlet));
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }

    fn subscribe(&self, outlet: &Arc<Outlet>, conversation: ConversationId) {
        // Held over the insertion, so that an outlet that is being unregistered is not added
        // behind its back.
        let mut conversations = outlet.conversations.lock();
        if let Some(list) = conversations.as_mut()
            && !list.contains(&conversation)
        {
            list.push(conversation);
            self.insert(Scope::Conversation(conversation), outlet);
        }
    }
}

impl Bus {
    /// Makes a bus that nobody listens to yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands an event to those whom it concerns. To be called in commit order; never waits.
    pub fn publish(&self, event: Event) {
        match event {
            Event::Changes {
                scope,
                prev,
                rev,
                changes,
            } => {
                let shard = self.0.shard(scope);
                if !shard.lock().contains_key(&scope) {
                    return;
                }
                let frame = ServerFrame::Changes {
                    scope,
                    prev,
                    rev,
                    changes,
                };
                match serde_json::to_string(&frame) {
                    Ok(text) => {
                        let text = Utf8Bytes::from(text);
                        if let Some(outlets) = shard.lock().get(&scope) {
                            outlets.iter().for_each(|outlet| outlet.push(&text));
                        }
                    }
                    Err(error) => tracing::error!(%error, %scope, "changes.not_serialised"),
                }
            }
            Event::Subscribe { user, conversation } => {
                let scope = Scope::User(user);
                let outlets = self.0.shard(scope).lock().get(&scope).cloned();
                for outlet in outlets.into_iter().flatten() {
                    self.0.subscribe(&outlet, conversation);
                }
            }
            Event::EndDevice { device } => {
                if let Some(outlet) = self.0.devices.lock().get(&device) {
                    outlet.close(ByeReason::SessionEnded);
                }
            }
        }
    }

    /// Adds a socket, which from now on hears of its user's scope. An earlier socket of the same
    /// device is asked to close. The queue holds at most `max_frames` of together `max_bytes`.
    #[must_use]
    pub fn register(
        &self,
        user: UserId,
        device: DeviceId,
        max_frames: usize,
        max_bytes: usize,
    ) -> Registration {
        let outlet = Arc::new(Outlet::new(user, device, max_frames, max_bytes));
        let earlier = self.0.devices.lock().insert(device, Arc::clone(&outlet));
        if let Some(earlier) = earlier {
            earlier.close(ByeReason::Replaced);
        }
        self.0.insert(Scope::User(user), &outlet);
        Registration {
            hub: Arc::clone(&self.0),
            outlet,
        }
    }

    /// Asks all sockets to close.
    pub fn close_all(&self, reason: ByeReason) {
        for outlet in self.0.devices.lock().values() {
            outlet.close(reason);
        }
    }

    /// Tells whether a device is connected.
    #[must_use]
    pub fn is_connected(&self, device: DeviceId) -> bool {
        self.0.devices.lock().contains_key(&device)
    }

    /// Returns how many devices are connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.devices.lock().len()
    }
}

/// A socket's place on the bus; dropping it takes the socket off.
#[derive(Debug)]
pub struct Registration {
    hub: Arc<Hub>,
    outlet: Arc<Outlet>,
}

impl Registration {
    /// Returns the queue that the socket empties.
    #[must_use]
    pub fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// Lets the socket hear of these conversations too. Those that it hears of already stay.
    pub fn subscribe(&self, conversations: impl IntoIterator<Item = ConversationId>) {
        for conversation in conversations {
            self.hub.subscribe(&self.outlet, conversation);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let conversations = self.outlet.conversations.lock().take();
        for conversation in conversations.into_iter().flatten() {
            self.hub
                .remove(Scope::Conversation(conversation), &self.outlet);
        }
        self.hub
            .remove(Scope::User(self.outlet.user()), &self.outlet);
        let mut devices = self.hub.devices.lock();
        if let Entry::Occupied(entry) = devices.entry(self.outlet.device())
            && Arc::ptr_eq(entry.get(), &self.outlet)
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    fn device(id: u64) -> DeviceId {
        DeviceId::new(id).unwrap()
    }

    fn changes(scope: Scope) -> Event {
        Event::Changes {
            scope,
            prev: 1,
            rev: 2,
            changes: vec![],
        }
    }

    #[test]
    fn events_reach_those_who_listen_and_nobody_else() {
        let bus = Bus::new();
        let alice = bus.register(user(1), device(1), 8, 800);
        let bob = bus.register(user(2), device(2), 8, 800);
        let room = ConversationId::new(1).unwrap();
        bus.publish(changes(Scope::User(user(1))));
        bus.publish(Event::Subscribe {
            user: user(2),
            conversation: room,
        });
        bob.subscribe([room]);
        bus.publish(changes(Scope::Conversation(room)));
        assert_eq!(
            alice.outlet().take().frames,
            [r#"{"type":"changes","scope":"user:1","prev":1,"rev":2,"changes":[]}"#]
        );
        assert_eq!(
            bob.outlet().take().frames,
            [r#"{"type":"changes","scope":"conversation:1","prev":1,"rev":2,"changes":[]}"#]
        );
    }

    #[test]
    fn a_second_socket_of_a_device_replaces_the_first() {
        let bus = Bus::new();
        let first = bus.register(user(1), device(1), 8, 800);
        let second = bus.register(user(1), device(1), 8, 800);
        assert_eq!(first.outlet().take().bye, Some(ByeReason::Replaced));
        drop(first);
        assert_eq!(bus.connections(), 1);
        bus.publish(Event::EndDevice { device: device(1) });
        assert_eq!(second.outlet().take().bye, Some(ByeReason::SessionEnded));
    }

    #[test]
    fn nothing_is_left_of_a_socket_that_went() {
        let bus = Bus::new();
        let gone = bus.register(user(1), device(1), 8, 800);
        gone.subscribe((1..40).map(|id| ConversationId::new(id).unwrap()));
        let outlet = Arc::clone(&gone.outlet);
        drop(gone);
        bus.0.subscribe(&outlet, ConversationId::new(77).unwrap());
        assert_eq!(bus.connections(), 0);
        assert!(bus.0.shards.iter().all(|shard| shard.lock().is_empty()));
        assert_eq!(Arc::strong_count(&outlet), 1);
    }
}
