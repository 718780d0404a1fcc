//! apt-get, and the wasm target from Debian's packages for machines that cannot reach rustup's server.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::process::{self, Workspace};
use crate::toolchain::{self, WASM_TARGET};

pub(crate) const BIN: &str = "/usr/bin";
const SOURCES: &str = "/usr/lib/rustlib/src/rust";
const LINKERS: [&str; 2] = ["wasm-ld-22", "wasm-ld"];
/// Written beside the libraries: they only fit the compiler that built them.
const STAMP: &str = "built-by-rustc";

pub(crate) const RUST_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-22"];

pub(crate) fn rustc() -> PathBuf {
    Path::new(BIN).join("rustc")
}

/// The linker, when compiler, standard library and linker are all there.
pub(crate) fn ready(workspace: &Workspace) -> Option<PathBuf> {
    let linker = LINKERS.iter().map(|name| Path::new(BIN).join(name)).find(|path| path.is_file())?;
    let rustc = rustc();
    let stamp = toolchain::library_dir(workspace, &rustc).ok()?.join(STAMP);
    let built_by = fs::read_to_string(stamp).ok()?;
    let current = compiler_version(workspace).ok()?;
    (built_by == current && toolchain::has_target(workspace, &rustc)).then_some(linker)
}

fn compiler_version(workspace: &Workspace) -> Result<String> {
    process::capture(&mut workspace.command_with(&rustc().to_string_lossy(), &["--version", "--verbose"]))
}

/// Whether this user can install Debian packages.
pub(crate) fn can_install(workspace: &Workspace) -> bool {
    is_root() && workspace.find("apt-get").is_some()
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// Installs packages, and removes none: a conflict is for a person to settle.
pub(crate) fn install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let apt = |args: &[&str]| {
        let mut command = workspace.command_with("apt-get", args);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&mut command)
    };
    apt(&["update"])?;
    let mut args = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
    args.extend(packages);
    apt(&args)
}

/// Debian ships no standard library for the wasm target: installs the compiler and builds one from its sources.
pub(crate) fn install_wasm_target(workspace: &Workspace) -> Result<()> {
    install(workspace, &RUST_PACKAGES)?;
    println!("Building Rust's standard library for {WASM_TARGET} from Debian's sources (about a minute).");
    let project = workspace.path("target").join("debian-std");
    let output = project.join("target");
    write_empty_crate(&project)?;
    let cargo = format!("{BIN}/cargo");
    let args = ["build", "-Zbuild-std=std,panic_abort,test", "--release", "--target", WASM_TARGET];
    let mut build = workspace.command_with(&cargo, &args);
    build
        .current_dir(&project)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", rustc())
        // Without bitcode a release build with fat LTO cannot use these libraries.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", &output)
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("LD_LIBRARY_PATH");
    process::run(&mut build).map_err(|error| {
        Error::new(format!("The standard library for {WASM_TARGET} could not be built from {SOURCES}. {error}"))
    })?;
    let built = output.join(WASM_TARGET).join("release").join("deps");
    let installed = toolchain::library_dir(workspace, &rustc())?;
    replace_libraries(&built, &installed, &compiler_version(workspace)?)
        .map_err(|error| Error::new(format!("{} cannot be filled: {error}.", installed.display())))
}

fn write_empty_crate(project: &Path) -> Result<()> {
    let write = || {
        fs::create_dir_all(project.join("src"))?;
        fs::write(project.join("src").join("lib.rs"), "")?;
        fs::write(
            project.join("Cargo.toml"),
            "[package]\nname = \"standard-library\"\nedition = \"2021\"\n\n[workspace]\n",
        )
    };
    write().map_err(|error| Error::new(format!("{} cannot be written: {error}.", project.display())))
}

fn replace_libraries(built: &Path, installed: &Path, compiler: &str) -> std::io::Result<()> {
    let is_library = |path: &Path| path.extension().is_some_and(|extension| extension == "rlib");
    fs::create_dir_all(installed)?;
    for entry in fs::read_dir(installed)? {
        let path = entry?.path();
        if is_library(&path) {
            fs::remove_file(path)?;
        }
    }
    for entry in fs::read_dir(built)? {
        let entry = entry?;
        // The crate that pulled the libraries in is none of them.
        if is_library(&entry.path()) && !entry.file_name().to_string_lossy().starts_with("libstandard_library") {
            fs::copy(entry.path(), installed.join(entry.file_name()))?;
        }
    }
    fs::write(installed.join(STAMP), compiler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_libraries_go_and_the_compiler_is_noted() -> std::io::Result<()> {
        let folder = std::env::temp_dir().join(format!("oidc-wasm-xtask-{}", std::process::id()));
        let (built, installed) = (folder.join("built"), folder.join("installed"));
        fs::create_dir_all(&built)?;
        fs::create_dir_all(&installed)?;
        fs::write(installed.join("libstd-old.rlib"), "old")?;
        for name in ["libstd-new.rlib", "libstd-new.rmeta", "libstandard_library-1.rlib"] {
            fs::write(built.join(name), "new")?;
        }
        replace_libraries(&built, &installed, "rustc 1")?;
        let mut names = fs::read_dir(&installed)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<std::io::Result<Vec<_>>>()?;
        names.sort();
        assert_eq!(names, ["built-by-rustc", "libstd-new.rlib"]);
        assert_eq!(fs::read_to_string(installed.join(STAMP))?, "rustc 1");
        fs::remove_dir_all(&folder)
    }
}
