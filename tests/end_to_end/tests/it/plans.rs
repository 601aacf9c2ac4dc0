//! Random plans. `MAGPIE_SEED` carries one out again, `MAGPIE_PLANS` and `MAGPIE_PLAN_STEPS` say how
//! many there are and how long they are.

use std::path::Path;

use magpie_tests_end_to_end::{Stage, plan::Plan};

const SERVER: &str = env!("CARGO_BIN_EXE_server_under_test");

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

async fn plans_come_right(killable: bool) {
    let steps = number("MAGPIE_PLAN_STEPS").unwrap_or(60);
    let seeds: Vec<u64> = match number("MAGPIE_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("MAGPIE_PLANS").unwrap_or(2))
            .map(|_| rand::random())
            .collect(),
    };
    for seed in seeds {
        let plan = Plan::new(seed, usize::try_from(steps).unwrap());
        println!("MAGPIE_SEED={seed} MAGPIE_PLAN_STEPS={steps}\n{plan}");
        let stage = if killable {
            Stage::with_child_server(Path::new(SERVER)).await
        } else {
            Stage::new().await
        };
        plan.carry_out(&stage, killable).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_time_that_passes() {
    plans_come_right(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_server_that_is_killed() {
    plans_come_right(true).await;
}
