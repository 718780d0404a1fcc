//! Programs that run beside each other until they are all stopped.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How often the children are looked after.
const TICK: Duration = Duration::from_millis(100);
/// How long a child may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody pressed Ctrl-C or ended this program.
pub(crate) struct Stop;

/// Why waiting ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Done,
    Stopped,
}

pub(crate) struct Children {
    children: Vec<(&'static str, Child)>,
    stop: Receiver<Stop>,
}

impl Children {
    pub(crate) fn new(stop: Receiver<Stop>) -> Self {
        Self { children: Vec::new(), stop }
    }

    /// Starts a program; what it prints appears behind its name.
    pub(crate) fn start(&mut self, name: &'static str, mut command: Command) -> Result<()> {
        // Some servers end when their input does, so it stays open for as long as they should run.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        lead_a_group(&mut command);
        let mut child =
            command.spawn().map_err(|error| Error::new(format!("The {name} cannot be started: {error}.")))?;
        relay(name, child.stdout.take());
        relay(name, child.stderr.take());
        self.children.push((name, child));
        Ok(())
    }

    /// Waits until `done` says so; ends early with `Stopped`, and with an error when a child dies.
    pub(crate) fn wait_until(&mut self, mut done: impl FnMut() -> bool) -> Result<Waited> {
        loop {
            if let Some((name, status)) = self.dead() {
                return Err(Error::new(format!(
                    "The {name} stopped by itself ({status}), so the rest is stopped too. Its last lines stand above."
                )));
            }
            if done() {
                return Ok(Waited::Done);
            }
            match self.stop.recv_timeout(TICK) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(Waited::Stopped),
            }
        }
    }

    fn dead(&mut self) -> Option<(&'static str, ExitStatus)> {
        self.children.iter_mut().find_map(|(name, child)| Some((*name, child.try_wait().ok()??)))
    }

    /// Asks every child to end, waits, and ends by force what is left. A second Ctrl-C shortens the wait.
    pub(crate) fn stop_all(mut self) {
        for (_, child) in &mut self.children {
            ask_to_end(child);
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && self.children.iter_mut().any(|(_, child)| is_running(child)) {
            if matches!(self.stop.recv_timeout(TICK), Ok(Stop)) {
                break;
            }
        }
        for (_, child) in &mut self.children {
            end_by_force(child);
        }
    }
}

fn is_running(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}

fn relay(name: &'static str, stream: Option<impl Read + Send + 'static>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            println!("{name:>8} | {}", String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    });
}

/// A group of its own: Ctrl-C in the terminal then reaches us alone, and one signal reaches the child's own children.
#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn ask_to_end(child: &mut Child) {
    signal_group(child, nix::sys::signal::Signal::SIGTERM);
}

#[cfg(unix)]
fn end_by_force(child: &mut Child) {
    signal_group(child, nix::sys::signal::Signal::SIGKILL);
    // Only collects the exit status: the process is gone.
    let _ = child.wait();
}

#[cfg(unix)]
fn signal_group(child: &Child, signal: nix::sys::signal::Signal) {
    if let Ok(id) = i32::try_from(child.id()) {
        // An error means that the group is gone already.
        let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), signal);
    }
}

#[cfg(not(unix))]
fn lead_a_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn ask_to_end(child: &mut Child) {
    // An error means that the process is gone already.
    let _ = child.kill();
}

#[cfg(not(unix))]
fn end_by_force(child: &mut Child) {
    ask_to_end(child);
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_child_that_dies_is_named_with_its_exit_code() -> Result<()> {
        let (_sender, stop) = mpsc::channel();
        let mut children = Children::new(stop);
        children.start("provider", shell("exit 7"))?;
        let message = children.wait_until(|| false).map_err(|error| error.to_string());
        assert!(message.is_err_and(|text| text.starts_with("The provider stopped by itself (exit status: 7)")));
        children.stop_all();
        Ok(())
    }

    #[test]
    fn a_stop_ends_even_the_children_of_a_child_that_ignores_it() -> std::io::Result<()> {
        let fifo = std::env::temp_dir().join(format!("oidc-wasm-xtask-fifo-{}", std::process::id()));
        assert!(Command::new("mkfifo").arg(&fifo).status()?.success());
        let (sender, stop) = mpsc::channel();
        let mut children = Children::new(stop);
        let script = format!("trap '' TERM; exec 3>'{}'; cat & cat", fifo.display());
        assert!(children.start("page", shell(&script)).is_ok());
        // Opens once the shell has opened its end; reads to the end once nobody holds that any more.
        let mut held = std::fs::File::open(&fifo)?;
        // Twice: the second one ends at once what ignores the first.
        assert!(sender.send(Stop).is_ok() && sender.send(Stop).is_ok());
        assert!(children.wait_until(|| false).is_ok_and(|waited| waited == Waited::Stopped));
        children.stop_all();
        assert_eq!(held.read_to_end(&mut Vec::new())?, 0);
        std::fs::remove_file(&fifo)
    }
}
