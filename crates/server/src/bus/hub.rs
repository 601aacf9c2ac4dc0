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

use super::{
    BusAddress, Event, Figures, Link, LinkState, NodeId, Outlet,
    remote::{Handlers, News, Remote},
};
use crate::clock::Random;

const SHARDS: usize = 16;

type Listeners = HashMap<Scope, Vec<Arc<Outlet>>>;

/// The bus: hands events to the sockets that are connected here and, where there are other nodes, to
/// theirs. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Bus(Arc<Hub>);

#[derive(Debug, Default)]
struct Hub {
    // By scope, in shards so that a busy conversation does not hold up the others.
    shards: [Mutex<Listeners>; SHARDS],
    devices: Mutex<HashMap<DeviceId, Arc<Outlet>>>,
    /// The link to the other nodes, where there may be some.
    remote: Option<Arc<Remote>>,
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
        let outlets = listeners.entry(scope).or_default();
        // Said while the shard is locked, so that coming and going keep their order.
        if let Some(remote) = self.remote.as_ref().filter(|_| outlets.is_empty()) {
            remote.interest().want(scope);
        }
        outlets.push(Arc::clone(outlet));
    }

    fn remove(&self, scope: Scope, outlet: &Arc<Outlet>) {
        let mut listeners = self.shard(scope).lock();
        if let Entry::Occupied(mut entry) = listeners.entry(scope) {
            entry.get_mut().retain(|other| !Arc::ptr_eq(other, outlet));
            if entry.get().is_empty() {
                entry.remove();
                if let Some(remote) = &self.remote {
                    remote.interest().forget(scope);
                }
            }
        }
    }

    /// Hands a frame to those who listen to a scope here.
    fn hand(&self, scope: Scope, frame: &Utf8Bytes) {
        if let Some(outlets) = self.shard(scope).lock().get(&scope) {
            outlets.iter().for_each(|outlet| outlet.push(frame));
        }
    }

    /// Lets the sockets that listen to a user's scope here hear of a conversation too. Until the
    /// other nodes' news of it come here they may miss something, so they are told when they do.
    fn subscribe_all(&self, user: Scope, conversation: ConversationId) {
        let outlets = self.shard(user).lock().get(&user).cloned();
        for outlet in outlets.into_iter().flatten() {
            self.subscribe(&outlet, conversation);
        }
        if let Some(remote) = &self.remote {
            remote.interest().late(Scope::Conversation(conversation));
        }
    }

    fn is_whole(&self) -> bool {
        let remote = self.remote.as_ref();
        remote.is_none_or(|remote| remote.link().borrow().state == LinkState::Up)
    }

    fn close(&self, device: DeviceId, reason: ByeReason) {
        if let Some(outlet) = self.devices.lock().get(&device) {
            outlet.close(reason);
        }
    }

    fn subscribe(&self, outlet: &Arc<Outlet>, conversation: ConversationId) {
        // Held over the insertion, so that an outlet that is being unregistered is not added
        // behind its back.
        let mut conversations = outlet.conversations.lock();
        if let Some(list) = conversations.as_mut()
            && list.insert(conversation)
        {
            self.insert(Scope::Conversation(conversation), outlet);
        }
    }
}

impl Bus {
    /// Makes the bus of a server that is alone. Nobody listens to it yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a bus that reaches the other nodes at `address`, and keeps itself connected from now on,
    /// on the present tokio runtime. `own` is this node's name, and `ended` is called with each device
    /// whose session another node has ended.
    #[must_use]
    pub fn between_nodes(
        address: BusAddress,
        own: NodeId,
        random: Arc<dyn Random>,
        ended: impl Fn(DeviceId) + Send + Sync + 'static,
    ) -> Self {
        let remote = Remote::new(own);
        let hub = Arc::new(Hub {
            remote: Some(Arc::clone(&remote)),
            ..Hub::default()
        });
        let (receiver, told) = (Arc::clone(&hub), Arc::clone(&hub));
        let handlers = Handlers {
            receive: Arc::new(move |news| match news {
                News::Frame(scope, text) => receiver.hand(scope, &text),
                News::Subscribe(user, conversation) => receiver.subscribe_all(user, conversation),
                // This may come late, and close a socket of a device that has come back since. Then
                // its client opens another.
                News::Came(_, device) => receiver.close(device, ByeReason::Replaced),
                News::EndDevice(device) => {
                    ended(device);
                    receiver.close(device, ByeReason::SessionEnded);
                }
            }),
            late: Box::new(move |scope| {
                if let Some(frame) = resync(Some(scope)) {
                    told.hand(scope, &frame);
                }
            }),
        };
        tokio::spawn(remote.run(address, handlers, random));
        Self(hub)
    }

    /// Returns the link to the other nodes, where there may be some.
    pub(crate) fn remote(&self) -> Option<&Arc<Remote>> {
        self.0.remote.as_ref()
    }

    /// Returns how the link to the other nodes is; `None` where there are none.
    #[must_use]
    pub fn link(&self) -> Option<Link> {
        self.remote().map(|remote| *remote.link().borrow())
    }

    /// Returns what is counted of that link; all zero where there are no other nodes.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let remote = self.remote();
        remote.map(|remote| remote.figures()).unwrap_or_default()
    }

    /// Tells whether all that is published here reaches everybody whom it concerns.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.is_whole()
    }

    /// Lets the last events leave, and ends the link to the other nodes.
    pub async fn close(&self) {
        if let Some(remote) = self.remote() {
            remote.close().await;
        }
    }

    /// Ends the link to the other nodes at once.
    pub fn abandon(&self) {
        if let Some(remote) = self.remote() {
            remote.abandon();
        }
    }

    /// Closes the sockets of a device here, without telling the other nodes.
    pub(crate) fn end_device_here(&self, device: DeviceId) {
        self.0.close(device, ByeReason::SessionEnded);
    }

    /// Returns all sockets that are connected here.
    pub(crate) fn outlets(&self) -> Vec<Arc<Outlet>> {
        self.0.devices.lock().values().cloned().collect()
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
                if self.0.remote.is_none() && !self.0.shard(scope).lock().contains_key(&scope) {
                    return;
                }
                let frame = ServerFrame::Changes {
                    scope,
                    prev,
                    rev,
                    changes,
                };
                self.send(scope, &frame);
            }
            Event::Subscribe { user, conversation } => {
                let scope = Scope::User(user);
                self.0.subscribe_all(scope, conversation);
                if let Some(remote) = &self.0.remote {
                    remote.tell(News::Subscribe(scope, conversation));
                }
            }
            Event::Resync { scope } => {
                self.send(scope, &ServerFrame::Resync { scope: Some(scope) });
            }
            Event::EndDevice { device } => {
                self.0.close(device, ByeReason::SessionEnded);
                if let Some(remote) = &self.0.remote {
                    remote.tell(News::EndDevice(device));
                }
            }
        }
    }

    /// Hands a frame to all who listen to a scope, on every node. Never waits.
    pub fn send(&self, scope: Scope, frame: &ServerFrame) {
        if let Some(text) = text(frame) {
            self.0.hand(scope, &text);
            if let Some(remote) = &self.0.remote {
                remote.tell(News::Frame(scope, text));
            }
        }
    }

    /// Adds a socket, which from now on hears of its user's scope. An earlier socket of the same
    /// device is asked to close, on whichever node it is. The queue holds at most `max_frames` of
    /// together `max_bytes`.
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
        let scope = Scope::User(user);
        self.0.insert(scope, &outlet);
        if let Some(remote) = &self.0.remote {
            remote.tell(News::Came(scope, device));
        }
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

    /// Returns the same, for those who put frames in.
    pub(crate) fn shared_outlet(&self) -> Arc<Outlet> {
        Arc::clone(&self.outlet)
    }

    /// Lets the socket hear of these conversations too. Those that it hears of already stay.
    pub fn subscribe(&self, conversations: impl IntoIterator<Item = ConversationId>) {
        for conversation in conversations {
            self.hub.subscribe(&self.outlet, conversation);
        }
    }
}

impl Registration {
    /// Waits until everything that happens on other nodes in what was subscribed to comes here. When
    /// that takes too long the socket is told to resync later.
    pub async fn settled(&self) {
        let Some(remote) = &self.hub.remote else {
            return;
        };
        if remote.settled().await || !self.hub.is_whole() {
            // When the link comes up all sockets are told.
            return;
        }
        let conversations = self.outlet.conversations.lock().clone();
        remote.interest().late(Scope::User(self.outlet.user()));
        for conversation in conversations.into_iter().flatten() {
            remote.interest().late(Scope::Conversation(conversation));
        }
    }
}

/// Returns the frame that tells a socket to ask for what changed in a scope, or in all.
pub(crate) fn resync(scope: Option<Scope>) -> Option<Utf8Bytes> {
    text(&ServerFrame::Resync { scope })
}

/// Writes a frame down. `None`, once logged, where that fails.
pub(crate) fn text(frame: &ServerFrame) -> Option<Utf8Bytes> {
    match serde_json::to_string(frame) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            tracing::error!(%error, "frame.not_serialised");
            None
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
