//! The app as its user's system knows it: what opens links, what is open on the disk, what it costs.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};

use super::{App, process};

impl App<'_> {
    /// Installs the app for its user, as a package does for all: the system hands its links to it.
    ///
    /// # Errors
    /// When the system does not take it.
    pub fn is_installed(&self) -> Result<()> {
        let folder = self.home().join("data/applications");
        fs::create_dir_all(&folder)?;
        fs::create_dir_all(self.home().join("config"))?;
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Magpie\nExec={} --profile {} %u\n\
             MimeType=x-scheme-handler/magpie;\n",
            self.launcher()?.display(),
            self.name()
        );
        fs::write(folder.join("Magpie.desktop"), entry)?;
        let mut register = Command::new("xdg-mime");
        register.args(["default", "Magpie.desktop", "x-scheme-handler/magpie"]);
        let registered = self.runs(&mut register)?.wait()?;
        ensure!(registered.success(), "xdg-mime does not take the app");
        Ok(())
    }

    /// Opens a link as a browser or a mail program does: by asking the system for whoever opens such
    /// links. What is started by it runs on.
    ///
    /// # Errors
    /// When there is no way to ask.
    pub fn follows(&self, link: &str) -> Result<()> {
        let opener = self.runs(Command::new("xdg-open").arg(link))?;
        self.world.group().keep(opener);
        Ok(())
    }

    /// Returns the files in the app's folder that it has open.
    ///
    /// # Errors
    /// When the app is not open.
    pub fn open_files(&self) -> Result<Vec<PathBuf>> {
        let folder = format!("/proc/{}/fd", self.process_id()?);
        let files = fs::read_dir(folder)?.flatten();
        let files = files.flat_map(|file| fs::read_link(file.path()));
        Ok(files
            .filter(|file| file.starts_with(self.profile()))
            .collect())
    }

    /// Returns the processor's time that the app took so far, with all its helpers, and how often
    /// they were woken up.
    ///
    /// # Errors
    /// When the app is not open.
    pub fn effort(&self) -> Result<Effort> {
        let mut effort = Effort::default();
        let mut family = vec![self.process_id()?];
        while let Some(one) = family.pop() {
            family.extend(process::children_of(one)?);
            effort.add(one)?;
        }
        Ok(effort)
    }
}

/// What a program took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effort {
    /// The processor's time, in hundredths of a second.
    pub ticks: u64,
    /// How often each of its threads was woken up, by the names of program and thread.
    pub awakenings: BTreeMap<String, u64>,
}

impl Effort {
    /// Returns what came since an earlier time.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let awakenings = self.awakenings.iter().map(|(name, count)| {
            let earlier = before.awakenings.get(name).copied().unwrap_or_default();
            (name.clone(), count.saturating_sub(earlier))
        });
        Self {
            ticks: self.ticks.saturating_sub(before.ticks),
            awakenings: awakenings.filter(|(_, count)| *count > 0).collect(),
        }
    }

    fn add(&mut self, process: u32) -> Result<()> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name, which may be anything, ends with the last bracket.
        let (name, numbers) = stat.rsplit_once(')').context("no such process")?;
        let name = name.split_once('(').map_or(name, |(_, name)| name);
        let numbers: Vec<&str> = numbers.split_whitespace().collect();
        for at in [11, 12] {
            let number = numbers.get(at).context("a line of a process is short")?;
            self.ticks += number.parse::<u64>()?;
        }
        for thread in fs::read_dir(format!("/proc/{process}/task"))?.flatten() {
            // It may have ended meanwhile.
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            let value = |key: &str| {
                let mut lines = status.lines();
                lines.find_map(|line| Some(line.strip_prefix(key)?.trim().to_owned()))
            };
            let name = format!("{name}/{}", value("Name:").unwrap_or_default());
            let switches = value("voluntary_ctxt_switches:");
            let switches = switches.and_then(|number| number.parse().ok());
            *self.awakenings.entry(name).or_default() += switches.unwrap_or(0);
        }
        Ok(())
    }
}
