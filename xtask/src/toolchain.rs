//! Which Rust compiles for wasm: rustup's, or Debian's where rustup's server does not answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::error::{Error, Result};
use crate::process::{self, Workspace, path_starting_with};

/// Compiles the standard library with the core: for size, and with panics that stop instead of explaining themselves
/// to nobody. A tenth of what a browser fetches.
pub(crate) const BUILD_STD: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// `rustc` of PATH has the target and the standard library's sources, and brings its own linker.
    InPath,
    /// Debian's `rustc`, a standard library built from Debian's sources, and this linker.
    Debian { linker: PathBuf },
}

impl Toolchain {
    /// What is ready to use now, without installing anything.
    pub(crate) fn detect(workspace: &Workspace) -> Option<Self> {
        if workspace.find("rustc").is_some_and(|rustc| is_complete(workspace, &rustc)) {
            return Some(Self::InPath);
        }
        debian::ready(workspace).map(|linker| Self::Debian { linker })
    }

    /// The same once set-up has run.
    pub(crate) fn required(workspace: &Workspace) -> Result<Self> {
        Self::detect(workspace).ok_or_else(|| {
            Error::new(format!("Rust's {WASM_TARGET} target is not installed. Run `cargo xtask setup`."))
        })
    }

    /// Makes a command, and every cargo and rustc it starts, compile with this toolchain.
    pub(crate) fn apply(&self, mut command: Command) -> Command {
        if let Self::Debian { linker } = self {
            let path = path_starting_with(Path::new(debian::BIN), &command);
            command
                .env("PATH", path)
                .env("RUSTC", debian::rustc())
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .env_remove("CARGO")
                .env_remove("RUSTUP_TOOLCHAIN")
                // `cargo run` points it at the libraries of the other compiler.
                .env_remove("LD_LIBRARY_PATH");
        }
        command
    }

    /// A cargo command that compiles the standard library too, which stable compilers allow only when asked twice.
    pub(crate) fn cargo_with_std(&self, workspace: &Workspace, args: &[&str]) -> Command {
        let mut command = self.cargo(workspace, args);
        command.args(BUILD_STD).args(["--target", WASM_TARGET]).env("RUSTC_BOOTSTRAP", "1");
        command
    }

    pub(crate) fn cargo(&self, workspace: &Workspace, args: &[&str]) -> Command {
        match self {
            Self::InPath => workspace.cargo(args),
            Self::Debian { .. } => self.apply(workspace.command_with(&format!("{}/cargo", debian::BIN), args)),
        }
    }
}

/// The folder where `rustc` looks for the target's standard library.
pub(crate) fn library_dir(workspace: &Workspace, rustc: &Path) -> Result<PathBuf> {
    let mut command =
        workspace.command_with(&rustc.to_string_lossy(), &["--print", "target-libdir", "--target", WASM_TARGET]);
    Ok(PathBuf::from(process::capture(&mut command)?.trim()))
}

/// Tests need libtest too, so a standard library without it does not count.
pub(crate) fn has_target(workspace: &Workspace, rustc: &Path) -> bool {
    library_dir(workspace, rustc).is_ok_and(|dir| {
        let names = file_names(&dir);
        ["libstd-", "libtest-"].iter().all(|part| names.iter().any(|name| name.starts_with(part)))
    })
}

/// rustup's toolchains carry `rust-lld` in lib/rustlib/HOST/bin, and the sources once rust-src is added.
fn is_complete(workspace: &Workspace, rustc: &Path) -> bool {
    let mut command = workspace.command_with(&rustc.to_string_lossy(), &["--print", "sysroot"]);
    let Ok(sysroot) = process::capture(&mut command) else { return false };
    let rustlib = Path::new(sysroot.trim()).join("lib").join("rustlib");
    let linker = if cfg!(windows) { "rust-lld.exe" } else { "rust-lld" };
    has_target(workspace, rustc)
        && file_names(&rustlib).iter().any(|host| rustlib.join(host).join("bin").join(linker).is_file())
        && rustlib.join("src/rust/library/Cargo.lock").is_file()
}

fn file_names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
