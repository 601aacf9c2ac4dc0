//! Telling clients where to open their socket.

use std::collections::HashMap;

use axum::extract::State;
use magpie_protocol::{ErrorBody, routes, server::Gateway};

use super::registry::{self, Node};
use crate::{App, AppError, error::Json, sessions::Auth};

/// How many clients were sent to each node since its last entry. Without it all who come within two
/// seconds would be sent to the same one.
#[derive(Debug, Default)]
pub(super) struct HandedOut(HashMap<String, (u64, usize)>);

impl HandedOut {
    /// Chooses the node with the fewest connections, those included that are on their way, and
    /// counts one more.
    fn choose(&mut self, living: &[Node]) -> Option<String> {
        self.0
            .retain(|name, _| living.iter().any(|node| node.name == *name));
        let sent = |node: &Node| match self.0.get(&node.name) {
            Some((beat, count)) if *beat == node.entry.beat => *count,
            _ => 0,
        };
        let (node, socket, sent) = living
            .iter()
            .filter_map(|node| Some((node, node.entry.socket.as_ref()?, sent(node))))
            .min_by_key(|(node, _, sent)| (node.entry.connections + sent, node.name.clone()))?;
        self.0
            .insert(node.name.clone(), (node.entry.beat, sent + 1));
        Some(socket.clone())
    }
}

/// Tells where to open the socket.
#[utoipa::path(
    get, path = routes::GATEWAY, tag = "server",
    responses(
        (status = 200, description = "The node that has the least to do", body = Gateway),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn gateway(
    State(app): State<App>,
    _auth: Auth,
) -> Result<Json<Gateway>, AppError> {
    let Some(remote) = app.bus().remote() else {
        return Ok(Json(Gateway { socket: None }));
    };
    // Without the registry, where the client asked is as good as anywhere.
    let socket = match registry::look(remote).await {
        Ok((living, _)) => app.nodes().handed_out.lock().choose(&living),
        Err(error) => {
            tracing::debug!(%error, "nodes.not_reached");
            None
        }
    };
    Ok(Json(Gateway { socket }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::registry::Entry;

    fn node(name: &str, connections: usize, beat: u64) -> Node {
        Node {
            name: name.into(),
            entry: Entry {
                socket: Some(format!("ws://{name}")),
                connections,
                beat,
            },
        }
    }

    #[test]
    fn a_crowd_is_spread_though_the_figures_are_old() {
        let mut handed_out = HandedOut::default();
        let living = [node("a", 10, 1), node("b", 12, 1)];
        let mut chosen: Vec<_> = (0..6).filter_map(|_| handed_out.choose(&living)).collect();
        chosen.sort();
        assert_eq!(chosen.iter().filter(|it| *it == "ws://a").count(), 4);
        // They have arrived.
        let living = [node("a", 14, 2), node("b", 14, 2)];
        assert_eq!(handed_out.choose(&living).as_deref(), Some("ws://a"));
        assert_eq!(handed_out.choose(&living).as_deref(), Some("ws://b"));
    }

    #[test]
    fn nobody_is_sent_where_there_is_no_address() {
        let mut hidden = node("a", 0, 1);
        hidden.entry.socket = None;
        let mut handed_out = HandedOut::default();
        assert_eq!(handed_out.choose(&[]), None);
        assert_eq!(handed_out.choose(&[hidden.clone()]), None);
        let chosen = handed_out.choose(&[hidden, node("b", 99, 1)]);
        assert_eq!(chosen.as_deref(), Some("ws://b"));
    }
}
