//! Who may register: everybody, those with an invitation, or nobody.

use magpie_protocol::{
    ErrorCode,
    accounts::{Platform, Register},
    routes,
    server::{RegistrationPolicy, ServerInfo},
    sessions::{NewDevice, PasswordDigest, SignedIn},
};
use serde_json::Value;

use crate::{
    api::{Api, Reply},
    program::{Place, Running},
};

struct Door {
    place: Place,
    running: Running,
    api: Api,
}

fn open(registration: &str) -> Door {
    let place = Place::new();
    let running = place.serve(&["--registration", registration]);
    let api = Api::at(&format!("http://{}", running.address));
    Door {
        place,
        running,
        api,
    }
}

impl Door {
    async fn knock(&self, name: &str, invitation: Option<&str>) -> Reply {
        let request = Register {
            invitation: invitation.map(str::to_owned),
            username: name.into(),
            nickname: name.into(),
            email: None,
            password: PasswordDigest::from_md5([7; 16]),
            device: NewDevice {
                name: "laptop".into(),
                platform: Platform::Linux,
            },
        };
        self.api.post(routes::ACCOUNTS, &request).await
    }

    async fn enters(&self, name: &str, invitation: Option<&str>) {
        let _: SignedIn = self.knock(name, invitation).await.ok();
    }

    fn invite(&self, args: &[&str]) -> (String, String) {
        let args = [&["admin", "invitations", "create"], args].concat();
        let made: Vec<Value> = self.place.json(&args);
        let code = made[0]["code"].as_str().unwrap().to_owned();
        (code, made[0]["id"].to_string())
    }

    fn state_of(&self, id: &str) -> String {
        let listed = self.place.text(&["admin", "invitations", "list"]);
        let line = listed
            .lines()
            .find(|line| line.split_whitespace().next() == Some(id));
        line.unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_invitation_lets_in_as_many_as_it_says() {
    let door = open("invitation");
    let info: ServerInfo = door.api.get(routes::SERVER).await.ok();
    assert_eq!(info.registration, RegistrationPolicy::Invitation);
    for missing in [None, Some(""), Some("  ")] {
        let refused = door.knock("alice", missing).await.refused();
        assert_eq!(refused, ErrorCode::InvitationNeeded, "{missing:?}");
    }
    for wrong in ["hello", "0000-0000-0000"] {
        let refused = door.knock("alice", Some(wrong)).await.refused();
        assert_eq!(refused, ErrorCode::InvitationInvalid, "{wrong}");
    }

    let (code, id) = door.invite(&["--uses", "2", "--note", "the team", "--by", "root"]);
    door.enters("alice", Some(&code)).await;
    // A registration that fails for another reason uses nothing up.
    let taken = door.knock("alice", Some(&code)).await.refused();
    assert_eq!(taken, ErrorCode::UsernameTaken);
    let state = door.state_of(&id);
    assert!(
        state.contains("good") && state.contains("1/2") && state.contains("the team"),
        "{state}"
    );
    assert!(!state.contains(&code));
    door.enters("bob", Some(&code.to_lowercase().replace('-', " ")))
        .await;
    let refused = door.knock("carol", Some(&code)).await.refused();
    assert_eq!(refused, ErrorCode::InvitationInvalid);
    assert!(door.state_of(&id).contains("used up"));
    let shown: Value = door.place.json(&["admin", "users", "show", "bob"]);
    assert_eq!(shown["invitation_id"].to_string(), id);
}

#[tokio::test]
async fn many_at_once_do_not_get_more_than_there_is() {
    let door = open("invitation");
    let (code, id) = door.invite(&["--uses", "3"]);
    let names: Vec<String> = (0..12).map(|number| format!("guest{number}")).collect();
    let knocks = names.iter().map(|name| door.knock(name, Some(&code)));
    let replies = futures_util::future::join_all(knocks).await;
    let (inside, outside): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(inside.len(), 3);
    for reply in outside {
        assert_eq!(reply.refused(), ErrorCode::InvitationInvalid);
    }
    assert!(door.state_of(&id).contains("3/3"));
}

#[tokio::test]
async fn a_withdrawn_invitation_is_good_no_longer() {
    let door = open("invitation");
    let (code, id) = door.invite(&["--uses", "5", "--days", "0"]);
    door.enters("alice", Some(&code)).await;
    door.place.text(&["admin", "invitations", "revoke", &id]);
    let refused = door.knock("bob", Some(&code)).await.refused();
    assert_eq!(refused, ErrorCode::InvitationInvalid);
    assert!(door.state_of(&id).contains("withdrawn"));
    for gone in [id.as_str(), "777"] {
        let words = door
            .place
            .refused(&["admin", "invitations", "revoke", gone]);
        assert!(words.contains("no invitation"), "{words}");
    }
    assert!(door.running.address.port() > 0);
}

#[tokio::test]
async fn an_open_door_asks_for_nothing_and_a_closed_one_opens_for_nobody() {
    let door = open("open");
    door.enters("alice", None).await;
    let (code, id) = door.invite(&[]);
    door.enters("bob", Some(&code)).await;
    assert!(
        door.state_of(&id).contains("0/1"),
        "an open door takes invitations"
    );

    let door = open("closed");
    let (code, _) = door.invite(&[]);
    let refused = door.knock("alice", Some(&code)).await.refused();
    assert_eq!(refused, ErrorCode::RegistrationClosed);
}

#[tokio::test]
async fn codes_are_not_guessed_quickly() {
    let place = Place::new();
    let running = place.serve(&[
        "--registration",
        "invitation",
        "--registrations-per-address-and-hour",
        "3",
    ]);
    let api = Api::at(&format!("http://{}", running.address));
    let door = Door {
        place,
        running,
        api,
    };
    for guess in ["0000-0000-0001", "0000-0000-0002", "0000-0000-0003"] {
        let refused = door
            .knock(&format!("a{guess}"), Some(guess))
            .await
            .refused();
        assert_eq!(refused, ErrorCode::InvitationInvalid);
    }
    let (code, _) = door.invite(&[]);
    let refused = door.knock("alice", Some(&code)).await.refused();
    assert_eq!(refused, ErrorCode::RateLimited);
}
