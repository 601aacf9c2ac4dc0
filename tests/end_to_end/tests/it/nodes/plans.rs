//! Random plans over three nodes; see [`crate::plans`].

use magpie_tests_end_to_end::{nodes::Sockets, plan::Ground};

use super::stage;
use crate::plans::plans_come_right;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nodes_that_are_killed_and_cut_off() {
    plans_come_right(Ground::Nodes, async || {
        stage(3, Sockets::BehindTheProxy).await
    })
    .await;
}
