//! `cargo xtask build`: from the Rust core to the packed npm package.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::process::{self, Workspace};
use crate::toolchain::{Toolchain, WASM_TARGET};
use crate::version;

/// What rustc's default wasm target uses and every browser since 2022 runs. Naming it keeps wasm-opt from
/// writing types and instructions that they refuse: with `-all` it does.
const WASM_FEATURES: [&str; 8] = [
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// How rustc compiles: without text for panics and `Debug`; with objects of JavaScript in a list of the glue's instead of
/// a table of the module's, which takes a function around every import; and without three passes of LLVM that save time
/// and add code. The last two are 2.2 kB of a download, of which the third pass is 0.3 kB.
const FLAGS: [&str; 5] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zfmt-debug=none",
    "-Ctarget-feature=-reference-types",
    "-Cllvm-args=-opt-disable=gvn,licm -disable-lsr",
];
/// Measured by what brotli makes of the result: smaller before is not always smaller after. Rust keeps nothing below
/// address 1024 but the far end of its stack, and the memory is the module's own, so it begins as zeros.
const SIZE_OPTIONS: [&str; 7] = [
    "-Os",
    "--converge",
    "--skip-pass=local-cse",
    "--skip-pass=simplify-locals",
    "--one-caller-inline-max-function-size=1000",
    "--low-memory-unused",
    "--zero-filled-memory",
];
/// For binaryen, which recurses over whole functions, and here runs inside Node.
const DEEP_STACK: &str = "--stack-size=60000";

/// A wasm module: features of the crate, and the folder for it and its glue.
struct Module {
    features: &'static [&'static str],
    glue: &'static str,
}

/// The software signer is one of its own, so that only those who use it download it.
const MODULES: [Module; 2] = [
    Module { features: &[], glue: "target/wasm-bindgen" },
    Module { features: &["--features", "software-signer"], glue: "target/wasm-bindgen-signer" },
];

/// Builds `pkg/`, packs it, and puts the packed tarball where `import "oidc-wasm"` finds it.
pub(crate) fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    build_with(workspace, toolchain, &[])
}

/// The same for tests: what the README says of sizes is checked, not written.
pub(crate) fn build_for_tests(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    build_with(workspace, toolchain, &["--check"])
}

fn build_with(workspace: &Workspace, toolchain: &Toolchain, sizes: &[&str]) -> Result<()> {
    let compiled = workspace.target_dir().join(WASM_TARGET).join("release").join("oidc_wasm.wasm");
    // One after the other: cargo puts them all at the same place.
    for module in &MODULES {
        compile(workspace, toolchain, module.features)?;
        write_glue(workspace, &compiled, module.glue)?;
    }
    remove_dir(&workspace.path("pkg"))?;
    process::run(&mut workspace.node(&["pkg-template/build.mjs"]))?;
    process::run(workspace.node(&["xtask/scripts/sizes.mjs", "pkg", "size-budget.json"]).args(sizes))?;
    install_tarball(workspace, &pack(workspace)?)
}

/// As a cdylib alone: beside an rlib, cargo quietly leaves link-time optimisation out.
fn compile(workspace: &Workspace, toolchain: &Toolchain, features: &[&str]) -> Result<()> {
    let flags = format!("target.{WASM_TARGET}.rustflags={FLAGS:?}");
    let args = ["rustc", "--lib", "--crate-type", "cdylib", "--release", "--config", &flags];
    process::run(toolchain.cargo_with_std(workspace, &args).args(features))
}

/// wasm-bindgen and wasm-opt; skipped while the same module was handled by the same tools before.
fn write_glue(workspace: &Workspace, compiled: &Path, folder: &str) -> Result<()> {
    let glue = workspace.path(folder);
    let done = glue.join("done-for");
    let bytes = fs::read(compiled).map_err(|error| cannot("read", compiled, &error))?;
    let mut fingerprint = bytes;
    fingerprint.extend(tool_versions(workspace)?.into_bytes());
    let complete = ["oidc_wasm.js", "oidc_wasm.d.ts", "oidc_wasm_bg.wasm"].iter().all(|name| glue.join(name).is_file());
    if complete && fs::read(&done).is_ok_and(|before| before == fingerprint) {
        println!("The wasm module did not change: wasm-bindgen and wasm-opt are skipped.");
        return Ok(());
    }
    remove_dir(&glue)?;
    let mut bindgen = workspace.command_with(
        "wasm-bindgen",
        &["--target", "web", "--omit-default-module-path", "--out-name", "oidc_wasm", "--out-dir", folder],
    );
    bindgen.arg(compiled);
    process::run(&mut bindgen)?;
    process::run(&mut workspace.node(&["xtask/scripts/shorten-names.mjs", folder]))?;
    process::run(&mut workspace.node(&[DEEP_STACK, "xtask/scripts/empty-uncalled.mjs", folder]))?;
    optimize(workspace, folder)?;
    fs::write(&done, fingerprint).map_err(|error| cannot("write", &done, &error))
}

/// The tools and the options that the glue depends on, besides the module itself.
fn tool_versions(workspace: &Workspace) -> Result<String> {
    let bindgen = version::locked(&workspace.read("Cargo.lock")?, "wasm-bindgen")?;
    let binaryen = workspace.read("node_modules/binaryen/package.json")?;
    Ok(format!("{bindgen}\n{binaryen}\n{} {}", WASM_FEATURES.join(" "), SIZE_OPTIONS.join(" ")))
}

fn optimize(workspace: &Workspace, folder: &str) -> Result<()> {
    let module = format!("{folder}/oidc_wasm_bg.wasm");
    let optimized = format!("{folder}/optimized.wasm");
    let mut args = vec![DEEP_STACK, "node_modules/binaryen/bin/wasm-opt"];
    args.extend(SIZE_OPTIONS);
    args.extend(WASM_FEATURES);
    args.extend(["--strip-debug", "--strip-producers", "--strip-target-features"]);
    args.extend([module.as_str(), "-o", optimized.as_str()]);
    process::run(&mut workspace.node(&args))?;
    process::run(&mut workspace.node(&["xtask/scripts/validate.mjs", &optimized]))?;
    fs::rename(workspace.path(&optimized), workspace.path(&module))
        .map_err(|error| cannot("replace", &workspace.path(&module), &error))
}

fn pack(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.path("target").join("package");
    remove_dir(&folder)?;
    fs::create_dir_all(&folder).map_err(|error| cannot("write", &folder, &error))?;
    let mut pack = workspace.npm(&["pack", "./pkg", "--ignore-scripts", "--silent", "--pack-destination"]);
    pack.arg(&folder);
    println!("$ {}", process::show(&pack));
    process::capture(&mut pack)?;
    let tarballs = fs::read_dir(&folder).map_err(|error| cannot("read", &folder, &error))?;
    tarballs
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or_else(|| Error::new(format!("npm packed no tarball into {}.", folder.display())))
}

/// What the demo and the tests import is the packed tarball, so a file missing from it shows.
fn install_tarball(workspace: &Workspace, tarball: &Path) -> Result<()> {
    let installed = workspace.path("node_modules/oidc-wasm");
    remove_dir(&installed)?;
    fs::create_dir_all(&installed).map_err(|error| cannot("write", &installed, &error))?;
    let mut tar = workspace.command("tar");
    tar.arg("-xzf").arg(tarball).arg("--strip-components=1").arg("-C").arg(&installed);
    process::run(&mut tar)
}

fn remove_dir(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path, &error)),
        _ => Ok(()),
    }
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> Error {
    Error::new(format!("Cannot {action} {}: {error}.", path.display()))
}
