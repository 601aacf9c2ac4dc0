//! Whatever arrives, in whatever order, how often soever: what is held is what the server holds.

use magpie_protocol::{
    ConversationId, MessageId, Timestamp, UserId,
    accounts::{Gender, User},
    conversations::{Conversation, ConversationKind, Marks, Member, Membership},
    messages::{Message, MessageKind, Sent},
    sync::{Change, Difference, Head, Item, Scope},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    apply::{self, Outcome},
    touched::Touched,
};
use crate::store::{
    Result, Tx,
    table::{
        conversations, drafts, held_ranges, marks_owed, messages,
        outbox::{self, OutboxRow, OutboxState},
    },
    testing::temporary,
};

fn me() -> UserId {
    UserId::new(1).unwrap()
}

fn peer() -> UserId {
    UserId::new(2).unwrap()
}

fn chat() -> ConversationId {
    ConversationId::new(7).unwrap()
}

fn member(id: UserId, read_seq: u64) -> Member {
    Member {
        user: User {
            id,
            username: format!("user{id}"),
            nickname: format!("User {id}"),
            signature: String::new(),
            gender: Gender::Unspecified,
            region: String::new(),
        },
        delivered_seq: read_seq,
        read_seq,
    }
}

/// A conversation as the server has it: every change, the revision of the n-th being n + 1.
#[derive(Default)]
struct Server {
    items: Vec<Item>,
    messages: Vec<Message>,
    reads: [u64; 2],
}

impl Server {
    fn opened() -> Self {
        let conversation = Conversation {
            id: chat(),
            kind: ConversationKind::Direct,
            created_at: Timestamp(1),
        };
        let items = vec![
            Item::Conversation(conversation),
            Item::Member(member(me(), 0)),
            Item::Member(member(peer(), 0)),
        ];
        Self {
            items,
            ..Self::default()
        }
    }

    fn rev(&self) -> u64 {
        self.items.len() as u64
    }

    fn last_seq(&self) -> u64 {
        self.messages.len() as u64
    }

    fn say(&mut self, id: MessageId, sender_id: Option<UserId>) -> Sent {
        let message = Message {
            id,
            conversation_id: chat(),
            seq: self.last_seq() + 1,
            sender_id,
            kind: if sender_id.is_some() {
                MessageKind::Text
            } else {
                MessageKind::System
            },
            content: serde_json::json!({ "text": id.to_string() }),
            created_at: Timestamp(100 + i64::try_from(self.rev()).unwrap()),
        };
        self.messages.push(message.clone());
        self.items.push(Item::Message(message.clone()));
        Sent {
            id,
            conversation_id: chat(),
            seq: message.seq,
            created_at: message.created_at,
        }
    }

    fn read(&mut self, index: usize, seq: u64) {
        let mark = &mut self.reads[index];
        *mark = (*mark).max(seq);
        let member = member([me(), peer()][index], *mark);
        self.items.push(Item::Member(member));
    }

    fn unread(&self) -> u64 {
        let count = self
            .messages
            .iter()
            .filter(|m| m.seq > self.reads[0] && m.sender_id == Some(peer()));
        count.count() as u64
    }

    fn change(&self, rev: u64) -> Change {
        Change {
            rev,
            item: self.items[usize::try_from(rev - 1).unwrap()].clone(),
        }
    }

    fn difference(&self, since: u64, limit: usize, below: u64) -> Difference {
        let mut changes: Vec<Change> = (since + 1..=self.rev())
            .map(|rev| self.change(rev))
            .filter(|change| !matches!(&change.item, Item::Message(m) if m.seq >= below))
            .collect();
        let more = changes.len() > limit;
        changes.truncate(limit);
        let rev = if more {
            changes.last().unwrap().rev
        } else {
            self.rev()
        };
        Difference { changes, rev, more }
    }

    fn head(&self) -> Head {
        Head {
            conversation: Conversation {
                id: chat(),
                kind: ConversationKind::Direct,
                created_at: Timestamp(1),
            },
            rev: self.rev(),
            last_seq: self.last_seq(),
            unread: self.unread(),
            last_message: self.messages.last().cloned(),
            membership: Membership {
                conversation_id: chat(),
                read_seq: self.reads[0],
            },
            members: vec![member(me(), self.reads[0]), member(peer(), self.reads[1])],
        }
    }
}

fn id(number: u64) -> MessageId {
    MessageId::from_parts(number, [0; 10])
}

/// What must be true after every step.
fn check(tx: &Tx<'_>, server: &Server) -> Result<()> {
    let stored = messages::range(tx, chat(), 0, u64::MAX)?;
    let mut held = Vec::new();
    for range in held_ranges::list(tx, chat())? {
        held.extend(range.from..=range.to);
    }
    let seqs: Vec<u64> = stored.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, held, "held is exactly what is stored");
    for message in &stored {
        let index = usize::try_from(message.seq - 1).unwrap();
        assert_eq!(Some(message), server.messages.get(index));
        assert_eq!(outbox::get(tx, message.id)?, None, "nothing is shown twice");
    }
    if let Some(row) = conversations::get(tx, chat())? {
        assert!(row.cursor <= server.rev() && row.last_seq <= server.last_seq());
        let delivered = marks_owed::list(tx)?
            .into_iter()
            .find_map(|(_, marks)| marks.delivered);
        let dense = held_ranges::around(tx, chat(), server.reads[0] + 1)?;
        if let (Some(delivered), Some(dense)) = (delivered, dense) {
            assert!(delivered <= dense.to, "no hole is said to be delivered");
        }
    }
    Ok(())
}

/// Lets one random thing happen.
fn happen(tx: &Tx<'_>, server: &mut Server, acks: &mut Vec<Sent>, rng: &mut StdRng) -> Result<()> {
    let mut touched = Touched::default();
    let scope = Scope::Conversation(chat());
    let row = conversations::get(tx, chat())?;
    let cursor = row.as_ref().map_or(0, |row| row.cursor);
    match rng.random_range(0..10) {
        0 | 1 => {
            let number = server.rev();
            let sender = rng.random_bool(0.9).then(peer);
            server.say(id(number), sender);
        }
        2 => {
            // Written here, sent, and stored there; the answer comes when it comes.
            let number = id(1_000_000 + server.rev());
            outbox::push(
                tx,
                &OutboxRow {
                    position: 0,
                    id: number,
                    conversation_id: chat(),
                    kind: MessageKind::Text,
                    content: serde_json::json!({ "text": number.to_string() }),
                    created_at: Timestamp(5),
                    attempts: 0,
                    state: OutboxState::Queued,
                    failure: None,
                },
            )?;
            acks.push(server.say(number, Some(me())));
        }
        3 => {
            let who = rng.random_range(0..2);
            server.read(who, rng.random_range(0..=server.last_seq()));
        }
        4 | 5 => {
            // A push, old or new, of several changes.
            let prev = rng.random_range(0..server.rev());
            let rev = rng.random_range(prev + 1..=server.rev().min(prev + 5));
            let changes = (prev + 1..=rev).map(|rev| server.change(rev)).collect();
            let outcome = apply::changes(tx, me(), scope, prev, rev, changes, &mut touched)?;
            let is_gap = row.is_none() || (rev > cursor && prev > cursor);
            assert_eq!(outcome == Outcome::Gap, is_gap);
        }
        6 => {
            let difference = server.difference(cursor, rng.random_range(1..8), u64::MAX);
            let Difference { changes, rev, .. } = difference;
            apply::changes(tx, me(), scope, cursor, rev, changes, &mut touched)?;
        }
        7 => {
            if let Some(row) = row {
                let limit = rng.random_range(1..8);
                let difference = server.difference(cursor, limit, row.base_seq + 1);
                apply::below(tx, me(), chat(), cursor, difference, &mut touched)?;
            }
        }
        8 if row.is_some() => {
            let from = rng.random_range(0..=server.messages.len());
            let to = server.messages.len().min(from + 4);
            let page = server.messages[from..to].to_vec();
            let last = server.last_seq();
            apply::history(tx, me(), chat(), page, last, &mut touched, true)?;
        }
        _ => match acks.len() {
            0 => {
                apply::head(tx, me(), &server.head(), &mut touched)?;
            }
            many => {
                let sent = acks[rng.random_range(0..many)].clone();
                apply::ack(tx, me(), &sent, &mut touched)?;
            }
        },
    }
    Ok(())
}

/// Catches up with the rest, as the network part does.
fn finish(tx: &Tx<'_>, server: &Server) -> Result<()> {
    let mut touched = Touched::default();
    apply::head(tx, me(), &server.head(), &mut touched)?;
    while let Some(row) = conversations::get(tx, chat())?.filter(|row| row.cursor < server.rev()) {
        let Difference { changes, rev, .. } = server.difference(row.cursor, 5, u64::MAX);
        let scope = Scope::Conversation(chat());
        apply::changes(tx, me(), scope, row.cursor, rev, changes, &mut touched)?;
    }
    while let Some(hole) = held_ranges::gaps(tx, chat(), 1, server.last_seq())?.pop() {
        let to = usize::try_from(hole.to).unwrap();
        let page = server.messages[to.saturating_sub(3)..to].to_vec();
        let last = server.last_seq();
        apply::history(tx, me(), chat(), page, last, &mut touched, false)?;
        check(tx, server)?;
    }
    Ok(())
}

#[tokio::test]
async fn any_order_ends_in_what_the_server_holds() {
    for seed in 0..150 {
        println!("seed {seed}");
        let database = temporary();
        let done = database
            .store
            .write(move |tx| {
                let mut rng = StdRng::seed_from_u64(seed);
                let (mut server, mut acks) = (Server::opened(), Vec::new());
                for _ in 0..rng.random_range(1..150) {
                    happen(tx, &mut server, &mut acks, &mut rng)?;
                    check(tx, &server)?;
                }
                finish(tx, &server)?;
                check(tx, &server)?;
                let row = conversations::get(tx, chat())?.unwrap();
                assert_eq!(row.last_seq, server.last_seq());
                assert_eq!(row.read_seq, server.reads[0]);
                assert_eq!(row.unread, server.unread());
                assert_eq!(row.others_read_seq, server.reads[1]);
                assert_eq!(messages::range(tx, chat(), 1, u64::MAX)?, server.messages);
                assert_eq!(outbox::of_conversation(tx, chat())?, []);
                Ok(())
            })
            .await;
        assert_eq!(done, Ok(()), "seed {seed}");
    }
}

#[tokio::test]
async fn what_a_restored_server_does_not_have_goes_but_not_what_was_written() {
    let temporary = temporary();
    let id = |number| ConversationId::new(number).unwrap();
    let head = move |number| Head {
        conversation: Conversation {
            id: id(number),
            kind: ConversationKind::Direct,
            created_at: Timestamp(1),
        },
        rev: 9,
        last_seq: 5,
        unread: 5,
        last_message: None,
        membership: Membership {
            conversation_id: id(number),
            read_seq: 0,
        },
        members: vec![member(me(), 0), member(peer(), 0)],
    };
    let held = temporary
        .store
        .write(move |tx| {
            let mut touched = Touched::default();
            for number in 1..=3 {
                apply::head(tx, me(), &head(number), &mut touched)?;
            }
            drafts::set(tx, id(2), "half a thought")?;
            let marks = Marks {
                delivered: None,
                read: Some(5),
            };
            marks_owed::owe(tx, id(1), &marks)?;
            apply::restart_all(tx, me(), &[head(1)])?;
            assert_eq!(marks_owed::list(tx)?, []);
            conversations::last_seqs(tx)
        })
        .await
        .unwrap();
    assert_eq!(held, [(id(1), 0), (id(2), 5)]);
}
