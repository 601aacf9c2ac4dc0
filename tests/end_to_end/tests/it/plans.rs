//! Random plans. `MAGPIE_SEED` carries one out again, `MAGPIE_PLANS` and `MAGPIE_PLAN_STEPS` say how
//! many there are and how long they are.

use std::path::Path;

use magpie_tests_end_to_end::{
    Stage,
    plan::{Ground, Plan},
};

const SERVER: &str = env!("CARGO_BIN_EXE_server_under_test");

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Makes plans as the environment says, and carries each out on a stage of its own.
pub(crate) async fn plans_come_right(ground: Ground, stage: impl AsyncFn() -> Stage) {
    let steps = number("MAGPIE_PLAN_STEPS").unwrap_or(60);
    let seeds: Vec<u64> = match number("MAGPIE_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("MAGPIE_PLANS").unwrap_or(2))
            .map(|_| rand::random())
            .collect(),
    };
    for seed in seeds {
        let plan = Plan::new(seed, usize::try_from(steps).unwrap(), ground);
        println!("MAGPIE_SEED={seed} MAGPIE_PLAN_STEPS={steps}\n{plan}");
        plan.carry_out(&stage().await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_time_that_passes() {
    plans_come_right(Ground::Here, Stage::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_server_that_is_killed() {
    let stage = async || Stage::with_child_server(Path::new(SERVER)).await;
    plans_come_right(Ground::Child, stage).await;
}
