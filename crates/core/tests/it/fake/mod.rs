//! A server of one user, one friend and their conversation, that does as it is told: it refuses,
//! forgets to answer, drops pushes, loses sockets.

mod http;
mod model;
mod people;
mod socket;

use std::sync::Arc;

use axum::{
    Router,
    routing::{delete, get, patch, post},
};
use magpie_core::protocol::routes;
use parking_lot::Mutex;

pub(crate) use model::{Model, Reply};
pub(crate) use people::{chat, peer, request};
pub(crate) use socket::bye;

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) model: Arc<Mutex<Model>>,
    pub(crate) url: String,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let model = Arc::new(Mutex::new(Model::fresh()));
        let app = Router::new()
            .route(routes::SERVER, get(http::info))
            .route(routes::SESSIONS, post(http::sign_in))
            .route(routes::REFRESH, post(http::refresh))
            .route(routes::CURRENT_SESSION, delete(http::end_session))
            .route(routes::GATEWAY, get(http::gateway))
            .route(routes::SYNC, get(http::sync))
            .route(routes::ACCOUNT, patch(http::update_account))
            .route(routes::ACCOUNT_CHANGES, get(http::account_changes))
            .route(routes::CONVERSATION, get(http::head))
            .route(routes::HISTORY, get(http::history))
            .route(routes::CONVERSATION_CHANGES, get(http::changes))
            .route(routes::USERS, get(http::users))
            .route(routes::SOCKET, get(socket::socket))
            .with_state(Arc::clone(&model));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { model, url }
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Model) -> T) -> T {
        work(&mut self.model.lock())
    }

    /// The address of its socket, as a gateway names it.
    pub(crate) fn socket_url(&self) -> String {
        format!(
            "ws{}{}",
            self.url.trim_start_matches("http"),
            routes::SOCKET
        )
    }

    /// How often somebody came to open a socket.
    pub(crate) fn sockets_asked(&self) -> usize {
        self.with(|model| model.times_asked("socket"))
    }
}
