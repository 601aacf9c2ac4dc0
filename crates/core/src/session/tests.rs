//! The session against a server that counts what it is asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use magpie_protocol::{
    DeviceId, ErrorBody, ErrorCode, Timestamp,
    accounts::Device,
    routes,
    sessions::{Refresh, Secret, Tokens},
};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{Pair, Session};
use crate::{
    Clock, CoreError, FailureCode, LocalCode,
    api::{Api, Http, Way},
    secrets::{AccountSecrets, Secrets},
};

/// A server with one session, whose tokens are `access-N` and `refresh-N`.
#[derive(Default)]
struct Server {
    /// Only this pair is taken.
    present: AtomicUsize,
    refreshes: AtomicUsize,
    /// What a refresh is answered with instead.
    refusal: Mutex<Option<ErrorCode>>,
    /// What lay in the secrets when a new token was first used.
    saved: Mutex<Option<AccountSecrets>>,
    used_before_saved: AtomicUsize,
}

type Refused = (StatusCode, Json<ErrorBody>);

fn refused(code: ErrorCode) -> Refused {
    let status = StatusCode::from_u16(code.http_status()).unwrap();
    (status, Json(ErrorBody::new(code, "")))
}

fn tokens(number: usize) -> Tokens {
    Tokens {
        access_token: Secret::new(format!("access-{number}")),
        access_expires_in_ms: 900_000,
        refresh_token: Secret::new(format!("refresh-{number}")),
        refresh_expires_at: Timestamp(i64::MAX),
    }
}

async fn refresh(
    State(server): State<Arc<Server>>,
    Json(body): Json<Refresh>,
) -> Result<Json<Tokens>, Refused> {
    server.refreshes.fetch_add(1, Ordering::SeqCst);
    // Long enough for everybody who waits to have come.
    tokio::time::sleep(Duration::from_millis(50)).await;
    if let Some(code) = *server.refusal.lock() {
        return Err(refused(code));
    }
    let present = server.present.load(Ordering::SeqCst);
    if body.refresh_token.expose() != format!("refresh-{present}") {
        return Err(refused(ErrorCode::SessionEnded));
    }
    server.present.store(present + 1, Ordering::SeqCst);
    Ok(Json(tokens(present + 1)))
}

async fn devices(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Vec<Device>>, Refused> {
    let present = server.present.load(Ordering::SeqCst);
    let secrets = server.saved.lock().clone();
    if let Some(secrets) = secrets {
        let saved = secrets.tokens().await.unwrap().unwrap();
        if !saved.is_same(&Pair::new(tokens(present), device(), Timestamp(0))) {
            server.used_before_saved.fetch_add(1, Ordering::SeqCst);
        }
    }
    match headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
    {
        Some(bearer) if bearer == format!("Bearer access-{present}") => Ok(Json(Vec::new())),
        Some(_) => Err(refused(ErrorCode::TokenExpired)),
        None => Err(refused(ErrorCode::Unauthenticated)),
    }
}

#[derive(Default)]
struct Hand(AtomicI64);

/// A time at which the clock breaks.
const NEVER: i64 = -1;

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        let now = self.0.load(Ordering::SeqCst);
        assert_ne!(now, NEVER, "on purpose");
        Timestamp(now)
    }
}

struct Stage {
    server: Arc<Server>,
    clock: Arc<Hand>,
    secrets: AccountSecrets,
    session: Session,
    api: Api,
    _folder: TempDir,
}

fn device() -> DeviceId {
    DeviceId::new(5).unwrap()
}

/// Signs in with `access-0` at a server that takes `access-<present>` only.
async fn stage(present: usize) -> Stage {
    let server = Arc::new(Server::default());
    server.present.store(present, Ordering::SeqCst);
    let app = Router::new()
        .route(routes::REFRESH, post(refresh))
        .route(routes::DEVICES, get(devices))
        .with_state(Arc::clone(&server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets.json");
    let opened = Secrets::open(file, None, Timestamp(0)).await.unwrap();
    let secrets = opened.secrets.account("1@test");
    let clock = Arc::new(Hand::default());
    let pair = Pair::new(tokens(0), device(), clock.now());
    secrets.save_tokens(&pair).await.unwrap();
    let http = Http::new(&url, Way::default()).unwrap();
    let session = Session::new(http.clone(), secrets.clone(), clock.clone(), pair);
    Stage {
        server,
        clock,
        secrets,
        api: Api::new(http, session.clone()),
        session,
        _folder: folder,
    }
}

/// Fifty requests under way at once, each with the outcome's code.
async fn fifty(api: &Api) -> Vec<Result<(), FailureCode>> {
    let requests = (0..50).map(|_| {
        let api = api.clone();
        async move {
            api.devices()
                .await
                .map(|_| ())
                .map_err(|error| error.code())
        }
    });
    futures_util::future::join_all(requests).await
}

#[tokio::test]
async fn fifty_requests_with_an_expired_token_make_one_refresh() {
    let stage = stage(0).await;
    *stage.server.saved.lock() = Some(stage.secrets.clone());
    // The clock passes the end of the token's life.
    stage.clock.0.store(900_000, Ordering::SeqCst);
    assert_eq!(fifty(&stage.api).await, vec![Ok(()); 50]);
    assert_eq!(stage.server.refreshes.load(Ordering::SeqCst), 1);
    assert_eq!(stage.server.used_before_saved.load(Ordering::SeqCst), 0);
    let saved = stage.secrets.tokens().await.unwrap().unwrap();
    assert!(saved.is_same(&Pair::new(tokens(1), device(), Timestamp(0))));
}

#[tokio::test]
async fn a_token_that_the_server_does_not_take_is_renewed_once_for_all_who_hold_it() {
    let stage = stage(0).await;
    let stale = Secret::new("access-0");
    let waiting = (0..50).map(|_| stage.session.refreshed(&stale));
    for token in futures_util::future::join_all(waiting).await {
        assert_eq!(token.unwrap().expose(), "access-1");
    }
    assert_eq!(stage.server.refreshes.load(Ordering::SeqCst), 1);
    // Somebody who still holds the old one is given the new one without asking.
    let token = stage.session.refreshed(&stale).await.unwrap();
    assert_eq!(token.expose(), "access-1");
    assert_eq!(stage.server.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_runs_out() {
    let stage = stage(0).await;
    stage.clock.0.store(839_999, Ordering::SeqCst);
    assert_eq!(
        stage.session.access_token().await.unwrap().expose(),
        "access-0"
    );
    stage.clock.0.store(840_000, Ordering::SeqCst);
    assert_eq!(
        stage.session.access_token().await.unwrap().expose(),
        "access-1"
    );
}

#[tokio::test]
async fn a_refresh_goes_on_when_whoever_asked_is_gone() {
    let stage = stage(0).await;
    let stale = Secret::new("access-0");
    {
        let first = stage.session.refreshed(&stale);
        tokio::pin!(first);
        assert!(futures_util::poll!(&mut first).is_pending());
    }
    let token = stage.session.refreshed(&stale).await.unwrap();
    assert_eq!(token.expose(), "access-1");
    assert_eq!(stage.server.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_session_that_was_ended_is_over_for_everybody() {
    let stage = stage(0).await;
    *stage.server.refusal.lock() = Some(ErrorCode::SessionEnded);
    stage.clock.0.store(900_000, Ordering::SeqCst);
    let ended = Err(FailureCode::Server(ErrorCode::SessionEnded));
    assert_eq!(fifty(&stage.api).await, vec![ended; 50]);
    assert_eq!(stage.server.refreshes.load(Ordering::SeqCst), 1);
    let mut end = stage.session.watch_end();
    end.wait_for(Option::is_some).await.unwrap();
    // Nothing is asked any more, and nothing is left to resume.
    assert_eq!(fifty(&stage.api).await, vec![ended; 50]);
    assert_eq!(stage.server.refreshes.load(Ordering::SeqCst), 1);
    tokio::time::timeout(Duration::from_secs(10), async {
        while stage.secrets.tokens().await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_refresh_that_fails_by_the_way_keeps_the_session() {
    let stage = stage(0).await;
    *stage.server.refusal.lock() = Some(ErrorCode::Unavailable);
    stage.clock.0.store(900_000, Ordering::SeqCst);
    let away = Err(FailureCode::Server(ErrorCode::Unavailable));
    assert_eq!(fifty(&stage.api).await, vec![away; 50]);
    assert_eq!(
        stage.server.refreshes.load(Ordering::SeqCst),
        1,
        "one answer for all"
    );
    assert!(stage.secrets.tokens().await.unwrap().is_some());
    *stage.server.refusal.lock() = None;
    assert_eq!(fifty(&stage.api).await, vec![Ok(()); 50]);
}

#[tokio::test]
async fn a_refresh_that_panics_is_not_the_answer_for_ever() {
    let stage = stage(0).await;
    stage.clock.0.store(NEVER, Ordering::SeqCst);
    let stale = Secret::new("access-0");
    let broken = stage.session.refreshed(&stale).await;
    let code = broken.map(|_| ()).map_err(|error| error.code());
    assert_eq!(code, Err(FailureCode::Local(LocalCode::Internal)));
    stage.clock.0.store(0, Ordering::SeqCst);
    // The token before is taken again, as the new one was never used.
    stage.server.present.store(0, Ordering::SeqCst);
    let fresh = stage.session.refreshed(&stale).await.unwrap();
    assert_eq!(fresh.expose(), "access-1");
}

#[tokio::test]
async fn signing_out_forgets_the_tokens_even_during_a_refresh() {
    let stage = stage(0).await;
    let stale = Secret::new("access-0");
    let refreshing = stage.session.refreshed(&stale);
    let (_, outcome) = tokio::join!(refreshing, stage.session.sign_out());
    outcome.unwrap();
    assert!(stage.secrets.tokens().await.unwrap().is_none());
    let error: CoreError = stage.session.access_token().await.unwrap_err();
    assert_eq!(error.code(), FailureCode::Local(LocalCode::NotSignedIn));
}

#[tokio::test]
async fn removing_old_tokens_leaves_newer_ones() {
    let stage = stage(0).await;
    let pair = |number| Pair::new(tokens(number), device(), Timestamp(0));
    stage.secrets.save_tokens(&pair(3)).await.unwrap();
    stage.secrets.remove_tokens(&pair(2)).await.unwrap();
    assert!(stage.secrets.tokens().await.unwrap().is_some());
    stage.secrets.remove_tokens(&pair(3)).await.unwrap();
    assert!(stage.secrets.tokens().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_not_a_magpie_server_is_told_from_nobody_there() {
    let app = Router::new().route(routes::SERVER, get(|| async { "<html>" }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let code = |url: String| async move {
        let found = Http::new(&url, Way::default()).unwrap().server().await;
        found.map(|_| ()).map_err(|error| error.code())
    };
    let local = |code| Err(FailureCode::Local(code));
    assert_eq!(code(url.clone()).await, local(LocalCode::NotMagpie));
    // TLS spoken to somebody who does not speak it.
    let secure = url.replace("http://", "https://");
    assert_eq!(code(secure).await, local(LocalCode::NotMagpie));
    serving.abort();
    let _ = serving.await;
    assert_eq!(code(url).await, local(LocalCode::Unreachable));
}

#[tokio::test]
async fn what_speaks_another_language_is_not_a_magpie_server() {
    use tokio::io::AsyncWriteExt as _;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await.unwrap();
        // Until the other side has had enough.
        let mut rest = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
    });
    let Err(error) = Http::new(&url, Way::default()).unwrap().server().await else {
        panic!("it was taken for one");
    };
    let code = error.code();
    assert_eq!(code, FailureCode::Local(LocalCode::NotMagpie), "{error}");
}
