//! A core in a folder of its own.

use std::{future::Future, sync::Arc, time::Duration};

use magpie_core::{
    Core, EventStream, Home, HomeOptions, SystemClock,
    home::Credentials,
    protocol::messages::Body,
    socket::LinkState,
    timeline::{MessageView, OpenAt, SendStatus},
};
use tempfile::TempDir;

use crate::fake::{Fake, chat};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    folder: TempDir,
    home: Option<Home>,
    pub(crate) core: Core,
}

async fn open(folder: &TempDir) -> Home {
    Home::open(HomeOptions {
        folder: folder.path().to_owned(),
        keychain_service: "magpie-test".to_owned(),
        keychain: false,
        device_name: "test".to_owned(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap()
}

impl Client {
    /// The data folder.
    pub(crate) fn home(&self) -> &Home {
        self.home.as_ref().unwrap()
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Signs in, and waits until the client is online.
    pub(crate) async fn online(fake: &Fake) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = open(&folder).await;
        let core = home
            .sign_in(Credentials {
                server_url: fake.url.clone(),
                login: "ming".to_owned(),
                password: "correct horse".to_owned(),
            })
            .await
            .unwrap();
        let client = Self {
            folder,
            home: Some(home),
            core,
        };
        client.until_link(|link| link == LinkState::Online).await;
        client
    }

    /// Ends the program and starts it again.
    pub(crate) async fn restart(&mut self) {
        self.core.close().await;
        self.home = None;
        let home = open(&self.folder).await;
        self.core = home.resume().await.unwrap().unwrap();
        self.home = Some(home);
    }

    /// As [`Client::restart`], and opens no account.
    pub(crate) async fn reopen(&mut self) {
        self.core.close().await;
        self.home = None;
        self.home = Some(open(&self.folder).await);
    }

    pub(crate) async fn until_link(&self, wanted: impl Fn(LinkState) -> bool) {
        self.until("the link", || async { wanted(self.core.link()) })
            .await;
    }

    /// Waits until something holds, looking again whenever something happened.
    pub(crate) async fn until<F, T>(&self, what: &str, holds: F)
    where
        F: Fn() -> T,
        T: Future<Output = bool>,
    {
        let mut events = self.core.events();
        let waiting = async {
            while !holds().await {
                // The server's side of it comes without an event.
                let _ = tokio::time::timeout(Duration::from_millis(20), next(&mut events)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("in vain: {what}; the link is {:?}", self.core.link());
        }
    }

    pub(crate) async fn until_texts(&self, wanted: &[String]) {
        self.until("the texts", || async { self.texts().await == wanted })
            .await;
    }

    /// Reads the whole conversation by pages, as somebody who scrolls up.
    pub(crate) async fn messages(&self) -> Vec<MessageView> {
        let snapshot = self
            .core
            .open_timeline(chat(), OpenAt::Latest)
            .await
            .unwrap();
        let mut all = snapshot.messages;
        let mut more = snapshot.has_older;
        while more {
            let Some(first) = all.first().and_then(|message| message.seq) else {
                break;
            };
            let page = self.core.older(chat(), first).await.unwrap();
            more = page.has_more;
            all.splice(..0, page.messages);
        }
        let mut more = snapshot.has_newer;
        while more {
            let last = all.iter().filter_map(|message| message.seq).max();
            let page = self.core.newer(chat(), last.unwrap_or(0)).await.unwrap();
            more = page.has_more;
            all.extend(page.messages);
        }
        let seqs: Vec<u64> = all.iter().filter_map(|message| message.seq).collect();
        assert!(
            seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "a window is dense: {seqs:?}"
        );
        all
    }

    pub(crate) async fn texts(&self) -> Vec<String> {
        self.messages().await.iter().map(text).collect()
    }

    pub(crate) async fn unread(&self) -> u32 {
        self.core.conversations().await.unwrap().unread_total
    }

    pub(crate) async fn sent(&self) -> bool {
        self.messages()
            .await
            .iter()
            .all(|message| message.status == SendStatus::Stored)
    }
}

async fn next(events: &mut EventStream) {
    let _ = events.next().await;
}

pub(crate) fn text(message: &MessageView) -> String {
    match &message.body {
        Body::Text(text) => text.text.clone(),
        other => panic!("not a text: {other:?}"),
    }
}

pub(crate) fn numbered(what: &str, numbers: impl Iterator<Item = u64>) -> Vec<String> {
    numbers.map(|number| format!("{what} {number}")).collect()
}
