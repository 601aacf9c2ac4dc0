//! A listener that believes the events ends up with what the database holds.

use std::collections::HashMap;

use magpie_core::{
    CoreEvent,
    protocol::{MessageId, frames::ServerFrame},
    timeline::MessageView,
};

use crate::{
    client::{Client, PATIENCE, numbered},
    fake::{Fake, Reply, chat},
};

/// What a page would show that only listens.
#[derive(Default)]
struct Mirror {
    messages: HashMap<MessageId, MessageView>,
    unread_total: u32,
}

impl Mirror {
    fn hear(&mut self, event: CoreEvent) {
        match event {
            CoreEvent::Conversations { unread_total, .. } => self.unread_total = unread_total,
            CoreEvent::Timeline {
                messages, removed, ..
            } => {
                self.messages
                    .extend(messages.into_iter().map(|view| (view.id, view)));
                for id in removed {
                    self.messages.remove(&id);
                }
            }
            CoreEvent::Resync => panic!("the listener was not slow"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_believes_the_events_sees_what_is_held() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let mut events = client.core.events();
    let mut mirror = Mirror::default();
    for round in 0..6_u64 {
        for text in numbered("mine", round * 10..round * 10 + 10) {
            client.core.send_text(chat(), &text).await.unwrap();
        }
        fake.with(|model| {
            model.mute = round % 2 == 1;
            for text in numbered("theirs", round * 10..round * 10 + 10) {
                model.peer_says(&text);
            }
            model.mute = false;
            model.replies.push_back(Reply::LoseAnswer);
            if round % 3 == 2 {
                model.lose_sockets();
            }
        });
        let last = fake.with(|model| model.last_seq());
        client.core.mark_read(chat(), last / 2).await.unwrap();
        client.core.reconnect();
    }
    client
        .until("all is sent and heard", || async {
            client.core.reconnect();
            fake.with(|model| model.push(&ServerFrame::Resync { scope: None }));
            client.messages().await.len() == 120 && client.sent().await
        })
        .await;
    let held: HashMap<MessageId, MessageView> = client
        .messages()
        .await
        .into_iter()
        .map(|view| (view.id, view))
        .collect();
    // The events may come a little later than what they tell of; they must come.
    let hearing = async {
        while mirror.messages != held || mirror.unread_total != client.unread().await {
            mirror.hear(events.next().await.unwrap());
        }
    };
    if tokio::time::timeout(PATIENCE, hearing).await.is_err() {
        let missing: Vec<_> = held
            .values()
            .filter(|view| mirror.messages.get(&view.id) != Some(view))
            .collect();
        let unread = client.unread().await;
        panic!(
            "never heard of {missing:#?}, nor that {unread} are unread, not {}, nor that {} of {} are gone",
            mirror.unread_total,
            mirror.messages.len(),
            held.len()
        );
    }
}
