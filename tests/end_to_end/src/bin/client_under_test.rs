//! A core that a test kills: `client_under_test FOLDER CONVERSATION PREFIX COUNT`. Resumes the
//! account in the folder, and sends `PREFIX 1`, `PREFIX 2` … It says each id on a line when the
//! core has taken the message, and stays until it is killed.

use std::{error::Error, io::Write as _, sync::Arc};

use magpie_core::{Home, HomeOptions};
use magpie_tests_end_to_end::TestClock;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, conversation_id, prefix, count] = arguments.as_slice() else {
        return Err("client_under_test FOLDER CONVERSATION PREFIX COUNT".into());
    };
    let home = Home::open(HomeOptions {
        folder: folder.into(),
        keychain_service: "magpie-test-child".to_owned(),
        keychain: false,
        device_name: "child".to_owned(),
        clock: Arc::new(TestClock::default()),
    })
    .await?;
    let core = home.resume().await?.ok_or("nobody is signed in here")?;
    let conversation_id = conversation_id.parse()?;
    for n in 1..=count.parse::<usize>()? {
        let view = core
            .send_text(conversation_id, &format!("{prefix} {n}"))
            .await?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", view.id)?;
        out.flush()?;
    }
    std::future::pending::<()>().await;
    Ok(())
}
