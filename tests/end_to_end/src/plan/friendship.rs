//! Becoming friends again, for which time must pass.

use std::time::Duration;

use magpie_core::FailureCode;
use magpie_protocol::ErrorCode;

use crate::{Device, Person, Stage};

/// A day later the two may become friends again. Both need a network for it: this is about what
/// follows, not about the request.
pub(super) async fn again(stage: &Stage, person: &Person, friend: &Person) {
    for device in [person.device(), friend.device()] {
        device.link().forget_faults();
        device.link().open();
        device.until_online().await;
    }
    if stage
        .observer()
        .friends(person)
        .await
        .unwrap()
        .iter()
        .any(|f| f.user.id == friend.id())
    {
        return;
    }
    let_time_pass(stage, Duration::from_secs(25 * 3_600)).await;
    let asked = person
        .device()
        .core()
        .request_friend(friend.id(), "Again?")
        .await;
    match asked.map_err(|error| error.code()) {
        Ok(()) => {}
        Err(FailureCode::Server(ErrorCode::Blocked | ErrorCode::BlockedByYou)) => return,
        Err(code) => panic!("asking again failed: {code:?}"),
    }
    // Where the other had asked already, this has accepted it.
    let friends = stage.observer().friends(person).await.unwrap();
    if let Some(friend) = friends.iter().find(|f| f.user.id == friend.id()) {
        stage.record().befriended(friend.conversation_id);
        return;
    }
    friend.accepts(person).await;
}

/// Puts the clock forward while nobody refreshes: a device that did not hear the answer has a minute
/// to ask again, and is signed out afterwards. Who had no network has none afterwards.
pub(super) async fn let_time_pass(stage: &Stage, by: Duration) {
    let devices: Vec<Device> = stage.cast().iter().flat_map(Person::devices).collect();
    let lost: Vec<&Device> = devices
        .iter()
        .filter(|device| device.link().refuses())
        .collect();
    for device in &devices {
        device.link().forget_faults();
        device.link().open();
        device.until_online().await;
    }
    for device in lost {
        device.link().refuse();
    }
    stage.clock().advance(by);
}
