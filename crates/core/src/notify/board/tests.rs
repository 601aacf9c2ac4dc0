use magpie_protocol::{
    UserId,
    accounts::{Gender, User},
    friends::RequestState,
    messages::Text,
};

use super::*;

const NOW: Timestamp = Timestamp(1_000_000);

fn id(number: u64) -> ConversationId {
    ConversationId::new(number).unwrap()
}

fn board() -> Board {
    Board::new("1@chat".to_owned(), Known::default())
}

/// A conversation whose messages up to a place are all of somebody else.
fn chat(number: u64, last_seq: u64, read_seq: u64) -> Chat {
    let name = format!("friend {number}");
    Chat {
        id: id(number),
        last_seq,
        read_seq,
        unread: u32::try_from(last_seq - read_seq).unwrap(),
        muted_until: None,
        newest: (last_seq > read_seq).then(|| Newest {
            seq: last_seq,
            at: Timestamp(i64::try_from(last_seq).unwrap()),
            sender: name.clone(),
            group: None,
            avatar: Avatar { name, seed: number },
            body: Body::Text(Text {
                text: format!("text {last_seq}"),
            }),
        }),
    }
}

fn facts(chats: Vec<Chat>) -> Facts {
    Facts {
        chats,
        ..Facts::default()
    }
}

fn request(number: u64) -> FriendRequest {
    let user = |number: u64| User {
        id: UserId::new(number).unwrap(),
        username: format!("user{number}"),
        nickname: format!("User {number}"),
        signature: String::new(),
        gender: Gender::Unspecified,
        region: String::new(),
    };
    FriendRequest {
        id: FriendRequestId::new(number).unwrap(),
        from: user(number + 100),
        to: user(1),
        message: " hello ".to_owned(),
        state: RequestState::Pending,
        created_at: Timestamp(5),
        expires_at: Timestamp(i64::MAX),
    }
}

/// What somebody decides with these settings, at this time, with these conversations before them.
struct Moment {
    settings: Settings,
    now: Timestamp,
    quiet_hours: bool,
    looked_at: Vec<ConversationId>,
    caught_up: bool,
}

impl Default for Moment {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            now: NOW,
            quiet_hours: false,
            looked_at: Vec::new(),
            caught_up: false,
        }
    }
}

impl Moment {
    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            now: self.now,
            settings: &self.settings,
            quiet_hours: self.quiet_hours,
            looked_at: &self.looked_at,
            caught_up: self.caught_up,
        }
    }

    fn decide(&self, board: &mut Board, facts: &Facts) -> Vec<String> {
        let events = board.decide(facts, &self.circumstances());
        events.iter().map(told).collect()
    }
}

/// Says in one line what an event is about.
fn told(event: &NotifyEvent) -> String {
    match event {
        NotifyEvent::Show { notification } => {
            let sound = if notification.sound { " ♪" } else { "" };
            let about = match &notification.about {
                About::Messages {
                    sender,
                    preview,
                    unread,
                    ..
                } => {
                    let text = match preview {
                        Some(Body::Text(text)) => &text.text,
                        Some(_) => "?",
                        None => "-",
                    };
                    format!("{sender}: {text} ({unread})")
                }
                About::FriendRequest { name, message, .. } => {
                    format!("{name} asks: {}", message.as_deref().unwrap_or("-"))
                }
                About::Missed {
                    messages,
                    conversations,
                    friend_requests,
                } => format!("{messages} in {conversations}, {friend_requests} ask"),
            };
            format!("{} {about}{sound}", notification.key)
        }
        NotifyEvent::Withdraw { key } => format!("{key} gone"),
        NotifyEvent::WithdrawAll => "all gone".to_owned(),
    }
}

#[test]
fn a_conversation_has_one_notification_which_follows_it_and_goes_when_it_is_read() {
    let (mut board, moment) = (board(), Moment::default());
    let shown = moment.decide(&mut board, &facts(vec![chat(7, 1, 0)]));
    assert_eq!(shown, ["1@chat/7 friend 7: text 1 (1) ♪"]);
    // Heard of again, it is no news.
    assert!(
        moment
            .decide(&mut board, &facts(vec![chat(7, 1, 0)]))
            .is_empty()
    );
    let shown = moment.decide(&mut board, &facts(vec![chat(7, 3, 0)]));
    assert_eq!(
        shown,
        ["1@chat/7 friend 7: text 3 (3)"],
        "one sound will do"
    );
    // Read in part elsewhere, it stays; read to its end, it goes, and once.
    assert!(
        moment
            .decide(&mut board, &facts(vec![chat(7, 3, 2)]))
            .is_empty()
    );
    let read = facts(vec![chat(7, 3, 3)]);
    assert_eq!(moment.decide(&mut board, &read), ["1@chat/7 gone"]);
    assert!(moment.decide(&mut board, &read).is_empty());
    let later = Moment {
        now: NOW.plus_millis(HUSH_MS),
        ..Moment::default()
    };
    let shown = later.decide(&mut board, &facts(vec![chat(7, 4, 3)]));
    assert_eq!(shown, ["1@chat/7 friend 7: text 4 (1) ♪"]);
}

#[test]
fn what_was_held_before_is_no_news() {
    let known = Known {
        last_seqs: HashMap::from([(id(7), 9)]),
        requests: HashSet::from([FriendRequestId::new(3).unwrap()]),
        is_new: false,
    };
    let mut board = Board::new("1@chat".to_owned(), known);
    let mut facts = facts(vec![chat(7, 9, 4)]);
    facts.requests = Some(vec![request(3)]);
    assert!(Moment::default().decide(&mut board, &facts).is_empty());
    facts.chats = vec![chat(7, 10, 4)];
    let shown = Moment::default().decide(&mut board, &facts);
    assert_eq!(shown, ["1@chat/7 friend 7: text 10 (6) ♪"]);
}

#[test]
fn a_server_that_was_set_back_is_heard_again() {
    let (mut board, moment) = (board(), Moment::default());
    moment.decide(&mut board, &facts(vec![chat(7, 50, 49)]));
    moment.decide(&mut board, &facts(vec![chat(7, 10, 10)]));
    let shown = moment.decide(&mut board, &facts(vec![chat(7, 11, 10)]));
    assert_eq!(shown, ["1@chat/7 friend 7: text 11 (1)"]);
}

#[test]
fn what_is_looked_at_is_not_told_of_and_goes() {
    let mut board = board();
    let looking = Moment {
        looked_at: vec![id(7)],
        ..Moment::default()
    };
    let shown = looking.decide(&mut board, &facts(vec![chat(7, 1, 0), chat(8, 1, 0)]));
    assert_eq!(shown, ["1@chat/8 friend 8: text 1 (1) ♪"]);
    // Looking away does not make it news again.
    let away = Moment::default();
    assert!(
        away.decide(&mut board, &facts(vec![chat(7, 1, 0)]))
            .is_empty()
    );
    let eight = Moment {
        looked_at: vec![id(8)],
        ..Moment::default()
    };
    let shown = eight.decide(&mut board, &facts(vec![chat(8, 1, 0)]));
    assert_eq!(shown, ["1@chat/8 gone"]);
}

#[test]
fn a_muted_conversation_is_not_told_of_until_then() {
    let mut board = board();
    let moment = Moment::default();
    moment.decide(&mut board, &facts(vec![chat(7, 1, 0)]));
    let muted = |last, until| Chat {
        muted_until: Some(until),
        ..chat(7, last, 0)
    };
    let gone = moment.decide(&mut board, &facts(vec![muted(1, NOW.plus_millis(1))]));
    assert_eq!(gone, ["1@chat/7 gone"]);
    let still = facts(vec![muted(2, NOW.plus_millis(1))]);
    assert!(moment.decide(&mut board, &still).is_empty());
    let shown = moment.decide(&mut board, &facts(vec![muted(3, NOW)]));
    assert_eq!(shown.len(), 1, "it ended just now: {shown:?}");
}

#[test]
fn nothing_is_told_of_while_nobody_wants_to_be_disturbed_nor_afterwards() {
    let off = Settings {
        notify: false,
        ..Settings::default()
    };
    let silent = Settings {
        quiet_until: Some(NOW.plus_millis(1)),
        ..Settings::default()
    };
    let moments = [(off, false), (silent, false), (Settings::default(), true)];
    for (settings, quiet_hours) in moments {
        let mut board = board();
        let quiet = Moment {
            settings,
            quiet_hours,
            ..Moment::default()
        };
        let mut news = facts(vec![chat(7, 1, 0)]);
        news.requests = Some(vec![request(3)]);
        assert!(quiet.decide(&mut board, &news).is_empty());
        assert!(Moment::default().decide(&mut board, &news).is_empty());
        news.chats = vec![chat(7, 2, 0)];
        assert_eq!(Moment::default().decide(&mut board, &news).len(), 1);
    }
    let over = Moment {
        settings: Settings {
            quiet_until: Some(NOW),
            ..Settings::default()
        },
        ..Moment::default()
    };
    assert_eq!(
        over.decide(&mut board(), &facts(vec![chat(7, 1, 0)])).len(),
        1
    );
}

#[test]
fn switching_them_off_takes_all_away() {
    let mut board = board();
    Moment::default().decide(&mut board, &facts(vec![chat(7, 1, 0)]));
    let off = Moment {
        settings: Settings {
            notify: false,
            ..Settings::default()
        },
        ..Moment::default()
    };
    assert_eq!(off.decide(&mut board, &Facts::default()), ["all gone"]);
    assert!(off.decide(&mut board, &Facts::default()).is_empty());
}

#[test]
fn previews_and_sounds_can_be_left_out() {
    let discreet = Moment {
        settings: Settings {
            notify_preview: false,
            notify_sound: false,
            ..Settings::default()
        },
        ..Moment::default()
    };
    let mut news = facts(vec![chat(7, 1, 0)]);
    news.requests = Some(vec![request(3)]);
    let shown = discreet.decide(&mut board(), &news);
    assert_eq!(
        shown,
        [
            "1@chat/7 friend 7: - (1)",
            "1@chat/request/3 User 103 asks: -"
        ]
    );
}

#[test]
fn a_friend_request_is_told_of_once_and_goes_when_it_is_answered() {
    let (mut board, moment) = (board(), Moment::default());
    let asked = |requests| Facts {
        requests: Some(requests),
        ..Facts::default()
    };
    let shown = moment.decide(&mut board, &asked(vec![request(3)]));
    assert_eq!(shown, ["1@chat/request/3 User 103 asks: hello ♪"]);
    assert!(
        moment
            .decide(&mut board, &asked(vec![request(3)]))
            .is_empty()
    );
    // Nothing was said about requests.
    assert!(moment.decide(&mut board, &Facts::default()).is_empty());
    let gone = moment.decide(&mut board, &asked(vec![]));
    assert_eq!(gone, ["1@chat/request/3 gone"]);
}

#[test]
fn what_was_missed_in_many_conversations_is_one_notification() {
    let missed = Moment {
        caught_up: true,
        ..Moment::default()
    };
    let few: Vec<Chat> = (1..=5).map(|number| chat(number, 2, 0)).collect();
    assert_eq!(missed.decide(&mut board(), &facts(few)).len(), 5);
    let mut board = board();
    let many: Vec<Chat> = (1..=6).map(|number| chat(number, 2, 0)).collect();
    let mut news = facts(many);
    news.requests = Some(vec![request(3)]);
    let shown = missed.decide(&mut board, &news);
    assert_eq!(shown, ["1@chat/missed 12 in 6, 1 ask ♪"]);
    // It goes when the last of them is read.
    let read = |numbers: std::ops::RangeInclusive<u64>| {
        facts(numbers.map(|number| chat(number, 2, 2)).collect())
    };
    let moment = Moment::default();
    assert!(moment.decide(&mut board, &read(1..=5)).is_empty());
    assert_eq!(
        moment.decide(&mut board, &read(6..=6)),
        ["1@chat/missed gone"]
    );
}

#[test]
fn away_from_the_server_things_go_and_none_comes() {
    let (mut board, moment) = (board(), Moment::default());
    moment.decide(&mut board, &facts(vec![chat(7, 1, 0)]));
    let read = facts(vec![chat(7, 1, 1), chat(8, 4, 0)]);
    let events = board.withdraw(&read, &moment.circumstances());
    assert_eq!(
        events.iter().map(told).collect::<Vec<_>>(),
        ["1@chat/7 gone"]
    );
    let shown = moment.decide(&mut board, &read);
    assert_eq!(shown, ["1@chat/8 friend 8: text 4 (4)"]);
}
