//! The notifications of Windows and macOS.

use std::thread;

use notify_rust::NotificationResponse;
use tauri::AppHandle;
use tokio::sync::mpsc;

use super::{Answer, Order, Worded, answered};

pub(super) fn start(app: &AppHandle, mut orders: mpsc::UnboundedReceiver<Order>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Show(worded) => show(&app, *worded),
                // What these systems show cannot be taken back through the library; it goes by itself.
                Order::Withdraw(key) | Order::WithdrawOf(key) => {
                    tracing::trace!(key, "a notification is not taken back");
                }
            }
        }
    });
}

/// Shows one on a thread of its own, where the library waits for the user.
fn show(app: &AppHandle, worded: Worded) {
    let app = app.clone();
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
            let outcome = notification
                .show()
                .and_then(|shown| shown.wait_for_response(handle));
            if let Err(error) = outcome {
                tracing::debug!(%error, "a notification was not shown");
            }
        });
    if let Err(error) = shown {
        tracing::warn!(%error, "a notification was not shown");
    }
}
