//! Processes that belong together, and their end.

use std::{
    cell::RefCell,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

/// Reads until the pipe breaks, which it does even when the test is killed, and then takes the
/// whole group with it. The moment in between lets a display remove its lock file.
const GUARDIAN: &str = r#"trap "" HUP INT TERM; read -r _; kill -TERM 0; sleep 0.3; kill -KILL 0"#;

/// A process group whose leader waits for this process, or this value, to end, and then kills all of
/// it.
pub struct Group {
    guardian: Child,
    /// Those that run as long as the group does.
    daemons: RefCell<Vec<Child>>,
}

impl Group {
    /// Begins a group.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn new() -> Result<Self> {
        let guardian = Command::new("sh")
            .args(["-c", GUARDIAN])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        Ok(Self {
            guardian,
            daemons: RefCell::default(),
        })
    }

    /// Starts a program that will not outlive this group, and neither will what it starts.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        let leader = i32::try_from(self.guardian.id())?;
        let name = command.get_program().to_string_lossy().into_owned();
        command
            .process_group(leader)
            .spawn()
            .with_context(|| format!("cannot start {name}"))
    }

    /// Keeps a process until the end, and then takes note of its death.
    pub fn keep(&self, daemon: Child) {
        self.daemons.borrow_mut().push(daemon);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        // They end by the guardian's signal; nothing can be done about it here when they do not.
        drop(self.guardian.wait());
        for daemon in self.daemons.get_mut() {
            drop(daemon.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, time::Duration};

    use super::*;

    #[test]
    fn nobody_outlives_the_group() {
        let group = Group::new().unwrap();
        let mut child = group
            .spawn(
                Command::new("sh")
                    .args(["-c", "sleep 600 & wait"])
                    .stdout(Stdio::piped()),
            )
            .unwrap();
        drop(group);
        assert!(!child.wait().unwrap().success());
        // The grandchild held the pipe too; it ends only when both are gone.
        let mut pipe = child.stdout.take().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(pipe.read(&mut [0; 1]).unwrap()));
        assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(0));
    }
}
