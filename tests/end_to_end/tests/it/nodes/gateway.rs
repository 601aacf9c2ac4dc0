//! The gateway sends devices to a node that lives.

use magpie_protocol::routes;
use magpie_tests_end_to_end::{Link, PATIENCE, Person, Stage, eventually, nodes::Sockets};

use super::{burst, passes, stage, two_people};

/// How many sockets were opened at each door so far.
fn opened(stage: &Stage) -> Vec<usize> {
    let doors = stage.nodes().doors();
    doors
        .map(|door| door.requests_for(routes::SOCKET))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_are_spread_over_the_nodes_and_move_when_one_is_killed() {
    let stage = stage(2, Sockets::ByGateway).await;
    let (alice, bob, chat) = two_people(&stage).await;
    for name in ["carol", "dave", "erin"] {
        stage.invite(name).await.befriends(&alice).await;
    }
    let devices = || stage.cast().into_iter().flat_map(|p: Person| p.devices());
    assert!(
        devices().all(|device| device.link().requests_for(routes::SOCKET) == 0),
        "every socket went through a door"
    );
    assert!(
        opened(&stage).iter().all(|sockets| *sockets > 0),
        "both are used"
    );

    burst(&stage, "before and after", 30, stage.nodes().kill(0)).await;
    for device in devices() {
        device.until_online().await;
    }
    passes(&alice.device(), &bob.device(), chat, "we moved").await;

    // Nobody is sent to the dead one any more, and to both of them when it lives again.
    let doors: Vec<String> = stage.nodes().doors().map(Link::url).collect();
    let leads_to = |socket: Option<String>| {
        let socket = socket.ok_or("nowhere")?;
        let at = |url: &String| socket.starts_with(&url.replace("http:", "ws:"));
        doors.iter().position(at).ok_or(socket)
    };
    eventually("the gateway knows that it is dead", PATIENCE, async || {
        for _ in 0..5 {
            let door = leads_to(stage.observer().gateway(&alice).await?)?;
            if door == 0 {
                return Err("it leads to the dead node".to_owned());
            }
        }
        Ok(())
    })
    .await;
    stage.nodes().revive(0).await;
    eventually(
        "the gateway knows that it lives",
        PATIENCE,
        async || match leads_to(stage.observer().gateway(&alice).await?)? {
            0 => Ok(()),
            _ => Err("it leads to the busy node".to_owned()),
        },
    )
    .await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_is_shut_keeps_nobody_out() {
    let stage = stage(2, Sockets::ByGateway).await;
    let (alice, bob, chat) = two_people(&stage).await;
    // The nodes live and say so, but nobody reaches the doors that they name.
    burst(&stage, "shut", 40, async {
        stage.nodes().doors().for_each(Link::refuse);
    })
    .await;
    for device in [alice.device(), bob.device()] {
        eventually("it goes by the old way", PATIENCE, async || {
            device.core().reconnect();
            match device.link().requests_for(routes::SOCKET) {
                0 => Err("no socket was asked for there".to_owned()),
                _ => Ok(()),
            }
        })
        .await;
        device.until_online().await;
    }
    passes(&alice.device(), &bob.device(), chat, "by the old way").await;
    stage.nodes().doors().for_each(Link::open);
    stage.all_is_well().await;
}
