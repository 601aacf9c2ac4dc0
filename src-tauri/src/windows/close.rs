//! What closing the main window does: go on in the tray, or end the app.

use magpie_core::settings::CloseBehaviour;
use tauri::{AppHandle, CloseRequestApi, Manager as _};

use super::present::put_away;
use crate::{desktop::Desktop, told::ShellEvent};

/// What is done about a window that is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    PutAway,
    Quit,
    Ask,
}

impl Closing {
    /// `asked` says that the user was asked and has not answered: whoever closes the window again
    /// means it. `heard` says that there is a page to ask.
    fn of(chosen: CloseBehaviour, heard: bool, asked: bool) -> Self {
        match chosen {
            CloseBehaviour::Quit => Self::Quit,
            CloseBehaviour::Tray => Self::PutAway,
            CloseBehaviour::Ask if heard && !asked => Self::Ask,
            CloseBehaviour::Ask => Self::Quit,
        }
    }
}

/// The main window is to be closed.
pub(crate) fn main_is_closing(app: &AppHandle, request: &CloseRequestApi) {
    request.prevent_close();
    let desktop = app.state::<Desktop>();
    let asked = desktop.close_asked(true);
    match Closing::of(desktop.close_behaviour(), desktop.told().is_heard(), asked) {
        Closing::Ask => desktop.told().tell(ShellEvent::CloseAsked {
            tray: desktop.tray().is_present(),
        }),
        closing => act(app, closing),
    }
}

/// Does what the user answered; [`CloseBehaviour::Ask`] stands for leaving everything as it is.
pub(crate) fn close_answered(app: &AppHandle, how: CloseBehaviour) {
    match how {
        CloseBehaviour::Ask => {
            app.state::<Desktop>().close_asked(false);
        }
        CloseBehaviour::Tray => act(app, Closing::PutAway),
        CloseBehaviour::Quit => act(app, Closing::Quit),
    }
}

fn act(app: &AppHandle, closing: Closing) {
    app.state::<Desktop>().close_asked(false);
    match closing {
        Closing::PutAway => put_away(app),
        Closing::Quit => app.exit(0),
        Closing::Ask => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_can_always_be_closed() {
        use CloseBehaviour::{Ask, Quit, Tray};

        for (chosen, heard, asked, closing) in [
            (Quit, true, false, Closing::Quit),
            (Tray, true, false, Closing::PutAway),
            (Tray, false, true, Closing::PutAway),
            (Ask, true, false, Closing::Ask),
            (Ask, true, true, Closing::Quit),
            (Ask, false, false, Closing::Quit),
        ] {
            assert_eq!(Closing::of(chosen, heard, asked), closing);
        }
    }
}
