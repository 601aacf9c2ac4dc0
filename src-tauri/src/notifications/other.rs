//! The notifications of Windows and macOS.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use notify_rust::NotificationResponse;
use tauri::AppHandle;
use tokio::sync::mpsc;

use super::{Answer, Order, Worded, answered};

/// So many notifications wait for the user at most, each on a thread of its own. A click on one that
/// comes on top of them shows no more than the app.
const WAITING: usize = 8;

pub(super) fn start(app: &AppHandle, mut orders: mpsc::UnboundedReceiver<Order>) {
    #[cfg(target_os = "macos")]
    if let Err(error) = notify_rust::set_application(&app.config().identifier) {
        tracing::debug!(%error, "notifications are not shown under the app's name");
    }
    let app = app.clone();
    let waiting = Arc::new(AtomicUsize::new(0));
    tauri::async_runtime::spawn(async move {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Show(worded) => show(&app, &waiting, *worded),
                // What these systems show cannot be taken back through the library; it goes by itself.
                Order::Withdraw(key) | Order::WithdrawOf(key) => {
                    tracing::trace!(key, "a notification is not taken back");
                }
            }
        }
    });
}

/// Shows one on a thread of its own, where the library waits for the user.
fn show(app: &AppHandle, waiting: &Arc<AtomicUsize>, worded: Worded) {
    let (app, waiting) = (app.clone(), Arc::clone(waiting));
    let (key, pictured) = (&worded.key, worded.avatar.is_some());
    tracing::trace!(key, pictured, "a notification is shown without its picture");
    let shown = thread::Builder::new()
        .name("notification".to_owned())
        .spawn(move || {
            let mut notification = notify_rust::Notification::new();
            notification.summary(&worded.title).body(&worded.body);
            if worded.sound {
                notification.sound_name("Default");
            }
            #[cfg(target_os = "macos")]
            if let Some(word) = &worded.reply {
                notification.reply(word);
            }
            #[cfg(windows)]
            notification.app_id(&app.config().identifier);
            let target = worded.target;
            let handle = |response: &NotificationResponse| match response {
                NotificationResponse::Default => answered(&app, Answer::Open(target.clone(), None)),
                NotificationResponse::Reply(text) => {
                    answered(&app, Answer::Reply(target.clone(), text.clone()));
                }
                _ => {}
            };
            let outcome = notification.show().and_then(|shown| {
                let before = waiting.fetch_add(1, Ordering::Relaxed);
                let heard = match before < WAITING {
                    true => shown.wait_for_response(handle),
                    false => Ok(()),
                };
                waiting.fetch_sub(1, Ordering::Relaxed);
                heard
            });
            if let Err(error) = outcome {
                tracing::debug!(%error, "a notification was not shown");
            }
        });
    if let Err(error) = shown {
        tracing::warn!(%error, "a notification was not shown");
    }
}
