//! Running other programs, and finding them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// The checkout this xtask belongs to, and how its commands run.
pub(crate) struct Workspace {
    root: PathBuf,
    pub(crate) offline: bool,
}

impl Workspace {
    pub(crate) fn open(offline: bool) -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = manifest_dir.as_deref().and_then(Path::parent);
        match root {
            Some(root) => Ok(Self {
                root: root.to_owned(),
                offline: offline || env::var("CARGO_NET_OFFLINE").is_ok_and(|value| value == "true"),
            }),
            None => Err(Error::new("Start this program as `cargo xtask`: cargo tells it where the checkout is.")),
        }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn read(&self, relative: &str) -> Result<String> {
        std::fs::read_to_string(self.path(relative))
            .map_err(|error| Error::new(format!("{relative} cannot be read ({error}). Is the checkout complete?")))
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target_dir(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.path("target"), |dir| self.root.join(dir))
    }

    /// Tools that this checkout installed for itself, because another version stands in the user's own folder.
    pub(crate) fn tools_dir(&self) -> PathBuf {
        self.path("target").join("tools")
    }

    fn search_path(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.tools_dir().join("bin")];
        folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        // `cargo install` puts programs there whether or not PATH names it.
        let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
        folders.extend(cargo_home.or_else(|| Some(env::home_dir()?.join(".cargo"))).map(|home| home.join("bin")));
        folders
    }

    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        let names = if cfg!(windows) {
            vec![format!("{program}.exe"), format!("{program}.cmd")]
        } else {
            vec![program.to_owned()]
        };
        self.search_path()
            .iter()
            .flat_map(|folder| names.iter().map(|name| folder.join(name)))
            .find(|path| path.is_file())
    }

    /// A command that runs in the checkout, as if typed there by hand.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.find(program).unwrap_or_else(|| program.into()));
        command.current_dir(&self.root).stdin(Stdio::null());
        if let Ok(path) = env::join_paths(self.search_path()) {
            command.env("PATH", path);
        }
        // `cargo run` describes the xtask package here; it must not look like the package being built.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name);
            }
        }
        if self.offline {
            command.env("CARGO_NET_OFFLINE", "true").env("npm_config_offline", "true");
        }
        command
    }

    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        self.command_with("cargo", args)
    }

    pub(crate) fn node(&self, args: &[&str]) -> Command {
        self.command_with("node", args)
    }

    pub(crate) fn npm(&self, args: &[&str]) -> Command {
        self.command_with("npm", args)
    }

    /// A program of an npm package in node_modules.
    pub(crate) fn npm_tool(&self, name: &str, args: &[&str]) -> Command {
        let extension = if cfg!(windows) { ".cmd" } else { "" };
        let path = self.path("node_modules").join(".bin").join(format!("{name}{extension}"));
        self.command_with(&path.to_string_lossy(), args)
    }

    pub(crate) fn command_with(&self, program: &str, args: &[&str]) -> Command {
        let mut command = self.command(program);
        command.args(args);
        command
    }
}

/// The command as one could type it.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| quote(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Runs a command whose output the user sees.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", show(command));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::new(format!("`{}` failed ({status}); its own message stands above.", show(command))))
    }
}

/// Runs a command and gives what it printed.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(format!("`{}` failed ({}): {}", show(command), output.status, said.trim())))
    }
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Error {
    Error::new(format!("`{}` cannot be started ({error}). Is it installed and in PATH?", show(command)))
}

/// PATH with one folder before all others.
pub(crate) fn path_starting_with(folder: &Path, command: &Command) -> OsString {
    let set = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value);
    let rest = set.map(OsString::from).or_else(|| env::var_os("PATH")).unwrap_or_default();
    env::join_paths(std::iter::once(folder.to_owned()).chain(env::split_paths(&rest))).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_command_as_one_could_type_it() {
        let mut command = Command::new("/usr/bin/node");
        command.args(["--stack-size=60000", "a b", "it's", ""]);
        assert_eq!(show(&command), r"node --stack-size=60000 'a b' 'it'\''s' ''");
    }

    #[test]
    fn puts_a_folder_before_the_others() {
        let mut command = Command::new("cargo");
        command.env("PATH", "one:two");
        if cfg!(unix) {
            assert_eq!(path_starting_with(Path::new("zero"), &command), "zero:one:two");
        }
    }

    #[test]
    fn a_failed_command_is_named_with_its_exit_code() {
        let mut command = Command::new("cargo");
        command.arg("no-such-command").stderr(Stdio::null());
        let message = capture(&mut command).map_err(|error| error.to_string());
        assert!(message.is_err_and(|text| text.starts_with("`cargo no-such-command` failed (exit status: 101)")));
    }

    #[test]
    fn a_missing_program_is_named() {
        let message = run(&mut Command::new("no-such-program")).map_err(|error| error.to_string());
        assert!(message.is_err_and(|text| text.starts_with("`no-such-program` cannot be started")));
    }
}
