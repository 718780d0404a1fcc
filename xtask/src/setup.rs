//! Finds what this machine lacks, says so, and installs it. A second run finds nothing to do.

use std::fs;

use crate::browser;
use crate::debian;
use crate::error::{Error, Result};
use crate::process::{self, Workspace};
use crate::toolchain::{Toolchain, WASM_TARGET};
use crate::version;

const NODE_MAJOR: u64 = 20;
const WASM_PACK: (u64, u64, u64) = (0, 15, 1);
const NPM_STAMP: &str = "node_modules/.installed-package-lock.json";
/// Folders with a lock file of their own: their packages are many, large, and needed by one command each.
const DOCS_SITE: &str = "docs/site";
const PACKAGING: &str = "ts-tests/packaging";

/// How much of the machine a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Formatting, lints and native tests.
    Check,
    /// The npm package, and the demo made with it.
    Build,
    /// The documentation as a site.
    Docs,
    /// Every test but those of the next.
    Test,
    /// The package in bundlers, frameworks and runtimes, and with that everything.
    Packaging,
}

/// One thing the project needs from the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    Node,
    RustComponents,
    WasmTarget,
    WasmBindgen {
        version: String,
    },
    WasmPack,
    Browser,
    Crates,
    /// What Rust's standard library depends on.
    StdCrates,
    /// What the lock file in this folder names.
    NpmPackages {
        folder: &'static str,
    },
}

/// Why a need is not met, in a few words.
struct Missing {
    need: Need,
    problem: String,
}

/// Makes the machine ready for `scope`.
pub(crate) fn run(workspace: &Workspace, scope: Scope) -> Result<()> {
    let missing = inspect(workspace, scope)?;
    if missing.is_empty() {
        return Ok(());
    }
    if workspace.offline {
        return Err(Error::new(format!(
            "--offline forbids downloads, and this is missing:\n{}\nRun `cargo xtask setup` once with a network.",
            list(workspace, &missing)
        )));
    }
    let by_hand: Vec<&Missing> = missing.iter().filter(|missing| !missing.need.can_install(workspace)).collect();
    if !by_hand.is_empty() {
        return Err(Error::new(format!(
            "Set-up cannot install this by itself:\n{}\nInstall it by hand, then run the same command again: it does the rest.",
            list(workspace, by_hand)
        )));
    }
    println!("Set-up installs what is missing:\n{}", list(workspace, &missing));
    for Missing { need, .. } in &missing {
        println!("Installing {}", need.name());
        need.install(workspace)?;
        if let Some(problem) = need.problem(workspace)? {
            return Err(Error::new(format!(
                "{} was installed and is still not usable: {problem}. By hand:\n{}",
                need.name(),
                indented(&need.commands(workspace))
            )));
        }
    }
    Ok(())
}

/// What `cargo xtask setup` says when all is well.
pub(crate) fn report(workspace: &Workspace) {
    let wasm = match Toolchain::detect(workspace) {
        Some(Toolchain::Debian { .. }) => "Debian's rustc",
        _ => "rustc of PATH",
    };
    println!("Everything is installed (wasm is compiled by {wasm}). Next: `cargo xtask demo` or `cargo xtask test`.");
}

fn inspect(workspace: &Workspace, scope: Scope) -> Result<Vec<Missing>> {
    let mut missing = Vec::new();
    for need in needs(workspace, scope)? {
        if let Some(problem) = need.problem(workspace)? {
            missing.push(Missing { need, problem });
        }
    }
    Ok(missing)
}

fn needs(workspace: &Workspace, scope: Scope) -> Result<Vec<Need>> {
    let mut needs = vec![Need::Crates];
    if scope != Scope::Build {
        needs.push(Need::RustComponents);
    }
    if scope >= Scope::Build {
        let version = version::locked(&workspace.read("Cargo.lock")?, "wasm-bindgen")?;
        needs.extend([Need::Node, Need::WasmTarget, Need::StdCrates, Need::WasmBindgen { version }]);
        needs.push(Need::NpmPackages { folder: "." });
    }
    if scope >= Scope::Docs {
        needs.push(Need::NpmPackages { folder: DOCS_SITE });
    }
    if scope >= Scope::Test {
        needs.extend([Need::Browser, Need::WasmPack]);
    }
    if scope >= Scope::Packaging {
        needs.push(Need::NpmPackages { folder: PACKAGING });
    }
    Ok(needs)
}

fn list<'a>(workspace: &Workspace, missing: impl IntoIterator<Item = &'a Missing>) -> String {
    let entry = |missing: &Missing| {
        let Missing { need, problem } = missing;
        let commands = indented(&need.commands(workspace));
        format!("- {}: {}; {problem}.\n{commands}", need.name(), need.purpose())
    };
    missing.into_iter().map(entry).collect::<Vec<_>>().join("\n")
}

fn indented(commands: &[String]) -> String {
    commands.iter().map(|command| format!("    {command}")).collect::<Vec<_>>().join("\n")
}

impl Need {
    fn name(&self) -> String {
        match self {
            Self::Node => format!("Node.js {NODE_MAJOR} or newer, with npm"),
            Self::RustComponents => "rustfmt and clippy".to_owned(),
            Self::WasmTarget => format!("Rust's {WASM_TARGET} target and the standard library's sources"),
            Self::StdCrates => "the crates of Rust's standard library".to_owned(),
            Self::WasmBindgen { version } => format!("wasm-bindgen {version}"),
            Self::WasmPack => "wasm-pack".to_owned(),
            Self::Browser => "Chromium and ChromeDriver".to_owned(),
            Self::Crates => "the crates of Cargo.lock".to_owned(),
            Self::NpmPackages { folder } => format!("the npm packages of {folder}/package-lock.json"),
        }
    }

    fn purpose(&self) -> &'static str {
        match self {
            Self::Node => "bundles the package and runs the demo and the TypeScript tests",
            Self::RustComponents => "check the Rust code",
            Self::WasmTarget => "compile the core for the browser, the standard library with it",
            Self::StdCrates => "are compiled with it",
            Self::WasmBindgen { .. } => "writes the JavaScript glue and must have the version of the crate",
            Self::WasmPack => "runs the tests of the wasm code in a browser",
            Self::Browser => "the browser that the tests drive",
            Self::Crates => "the libraries that the core and its tests are built with",
            Self::NpmPackages { folder: DOCS_SITE } => "write the documentation as a site",
            Self::NpmPackages { folder: PACKAGING } => {
                "the bundlers, frameworks and runtimes that the package is tried in"
            }
            Self::NpmPackages { .. } => {
                "the bundler, wasm-opt, the test tools and the demo's provider, all in node_modules"
            }
        }
    }

    /// What is wrong, or nothing when the need is met.
    fn problem(&self, workspace: &Workspace) -> Result<Option<String>> {
        Ok(match self {
            Self::Node => node_problem(workspace),
            Self::RustComponents => ["fmt", "clippy"]
                .iter()
                .find(|name| process::capture(&mut workspace.cargo(&[name, "--version"])).is_err())
                .map(|name| format!("`cargo {name}` does not answer")),
            Self::WasmTarget => Toolchain::detect(workspace).is_none().then(|| "not found".to_owned()),
            Self::StdCrates => match Toolchain::detect(workspace) {
                None => Some("the target has to come first".to_owned()),
                Some(toolchain) => process::capture(&mut std_fetch(workspace, &toolchain, &["--offline"]))
                    .is_err()
                    .then(|| "not all are downloaded".to_owned()),
            },
            Self::WasmBindgen { version } => wasm_bindgen_problem(workspace, version),
            Self::WasmPack => wasm_pack_problem(workspace),
            Self::Browser => browser::find(workspace).err(),
            Self::Crates => process::capture(&mut workspace.cargo(&["fetch", "--offline"]))
                .is_err()
                .then(|| "not all are downloaded".to_owned()),
            Self::NpmPackages { folder } => {
                let lock = workspace.read(&format!("{folder}/package-lock.json"))?;
                let installed = fs::read_to_string(workspace.path(folder).join(NPM_STAMP)).unwrap_or_default();
                (lock != installed).then(|| "not installed since package-lock.json changed".to_owned())
            }
        })
    }

    /// The commands that meet the need, as a person would type them.
    fn commands(&self, workspace: &Workspace) -> Vec<String> {
        let apt = |packages: &str| {
            let sudo = if debian::can_install(workspace) { "" } else { "sudo " };
            format!("{sudo}apt-get update && {sudo}apt-get install {packages}")
        };
        let rustup = |arguments: &str| {
            let hint = if has_rustup(workspace) { "" } else { " (rustup is at https://rustup.rs)" };
            format!("rustup {arguments}{hint}")
        };
        let has_apt = workspace.find("apt-get").is_some();
        match self {
            Self::Node => vec!["from https://nodejs.org or your system's packages".to_owned()],
            Self::RustComponents if has_apt && !has_rustup(workspace) => vec![apt("rustfmt-web rust-web-clippy")],
            Self::RustComponents => vec![rustup("component add rustfmt clippy")],
            Self::WasmTarget => {
                let mut commands = vec![rustup(&format!("target add {WASM_TARGET}")), rustup("component add rust-src")];
                if has_apt {
                    let packages = debian::RUST_PACKAGES.join(" ");
                    commands.push(format!("or, where rustup's server does not answer, as root: cargo xtask setup (it uses Debian's {packages})"));
                }
                commands
            }
            Self::StdCrates => {
                vec![format!("RUSTC_BOOTSTRAP=1 {}", process::show(&std_fetch(workspace, &Toolchain::InPath, &[])))]
            }
            Self::WasmBindgen { version } => vec![process::show(&wasm_bindgen_install(workspace, version))],
            Self::WasmPack => vec![process::show(&wasm_pack_install(workspace))],
            Self::Browser if has_apt => vec![apt(&browser::DEBIAN_PACKAGES.join(" "))],
            Self::Browser => vec![
                "from your system's packages, both of the same major version".to_owned(),
                format!(
                    "in PATH, or named by the environment variables {} and {}",
                    browser::CHROMIUM,
                    browser::CHROMEDRIVER
                ),
            ],
            Self::Crates => vec!["cargo fetch".to_owned()],
            Self::NpmPackages { folder } => vec![process::show(&npm_install(workspace, folder))],
        }
    }

    fn can_install(&self, workspace: &Workspace) -> bool {
        match self {
            Self::Node => false,
            Self::Browser => debian::can_install(workspace) && !browser::is_chosen_by_hand(),
            Self::RustComponents | Self::WasmTarget => has_rustup(workspace) || debian::can_install(workspace),
            Self::WasmBindgen { .. } | Self::WasmPack | Self::Crates | Self::StdCrates | Self::NpmPackages { .. } => {
                true
            }
        }
    }

    fn install(&self, workspace: &Workspace) -> Result<()> {
        match self {
            Self::Node => Ok(()),
            Self::RustComponents if has_rustup(workspace) => {
                process::run(&mut workspace.command_with("rustup", &["component", "add", "rustfmt", "clippy"]))
            }
            Self::RustComponents => debian::install(workspace, &["rustfmt-web", "rust-web-clippy"]),
            Self::WasmTarget => install_wasm_target(workspace),
            Self::WasmBindgen { version } => process::run(&mut wasm_bindgen_install(workspace, version)),
            Self::WasmPack => process::run(&mut wasm_pack_install(workspace)),
            Self::Browser => debian::install(workspace, &browser::DEBIAN_PACKAGES),
            Self::Crates => process::run(&mut workspace.cargo(&["fetch"])),
            Self::StdCrates => process::run(&mut std_fetch(workspace, &Toolchain::required(workspace)?, &[])),
            Self::NpmPackages { folder } => {
                process::run(&mut npm_install(workspace, folder))?;
                let root = workspace.path(folder);
                let stamped = fs::copy(root.join("package-lock.json"), root.join(NPM_STAMP));
                stamped.map(drop).map_err(|error| Error::new(format!("{NPM_STAMP} cannot be written: {error}.")))
            }
        }
    }
}

fn has_rustup(workspace: &Workspace) -> bool {
    workspace.find("rustup").is_some()
}

fn node_problem(workspace: &Workspace) -> Option<String> {
    match tool_version(workspace, "node") {
        None => Some("`node` is not in PATH".to_owned()),
        Some(found) if found.0 < NODE_MAJOR => Some(format!("found {}", version::show(found))),
        Some(_) if tool_version(workspace, "npm").is_none() => Some("`npm` is not in PATH".to_owned()),
        Some(_) => None,
    }
}

fn tool_version(workspace: &Workspace, program: &str) -> Option<(u64, u64, u64)> {
    version::find(&process::capture(&mut workspace.command_with(program, &["--version"])).ok()?)
}

fn wasm_bindgen_problem(workspace: &Workspace, wanted: &str) -> Option<String> {
    // The runner is what `wasm-pack test` starts; it comes with the same package.
    for program in ["wasm-bindgen", "wasm-bindgen-test-runner"] {
        match tool_version(workspace, program) {
            None => return Some(format!("`{program}` is not installed")),
            Some(found) if version::show(found) != wanted => return Some(format!("found {}", version::show(found))),
            Some(_) => {}
        }
    }
    None
}

fn wasm_bindgen_install(workspace: &Workspace, wanted: &str) -> std::process::Command {
    // Not --locked: the lock inside the crate names a version that the registry no longer serves.
    cargo_install(workspace, "wasm-bindgen", "wasm-bindgen-cli", &format!("={wanted}"))
}

fn wasm_pack_problem(workspace: &Workspace) -> Option<String> {
    match tool_version(workspace, "wasm-pack") {
        None => Some("not installed".to_owned()),
        Some(found) if found < WASM_PACK => Some(format!("found {}, which is too old", version::show(found))),
        Some(_) => None,
    }
}

fn wasm_pack_install(workspace: &Workspace) -> std::process::Command {
    cargo_install(workspace, "wasm-pack", "wasm-pack", &format!("^{}", version::show(WASM_PACK)))
}

/// Installs for the user; but a version that is there already stays, and ours goes into the checkout's own folder.
fn cargo_install(workspace: &Workspace, program: &str, package: &str, version: &str) -> std::process::Command {
    let mut command = workspace.cargo(&["install", package, "--version", version]);
    if workspace.find(program).is_some() {
        command.arg("--force").arg("--root").arg(workspace.tools_dir());
    }
    command
}

/// Install scripts stay off: no package here needs one.
fn npm_install(workspace: &Workspace, folder: &str) -> std::process::Command {
    workspace.npm(&["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"])
}

fn std_fetch(workspace: &Workspace, toolchain: &Toolchain, args: &[&str]) -> std::process::Command {
    toolchain.cargo_with_std(workspace, &[&["fetch"], args].concat())
}

fn install_wasm_target(workspace: &Workspace) -> Result<()> {
    if has_rustup(workspace) {
        let rustup = |args: &[&str]| process::run(&mut workspace.command_with("rustup", args));
        match rustup(&["target", "add", WASM_TARGET]).and_then(|()| rustup(&["component", "add", "rust-src"])) {
            Ok(()) if Toolchain::detect(workspace).is_some() => return Ok(()),
            Ok(()) => println!("rustup says that both are there, yet `rustc` does not find them."),
            Err(error) => println!("{error}"),
        }
    }
    if !debian::can_install(workspace) {
        return Err(Error::new(format!(
            "{} could not be installed. By hand:\n{}",
            Need::WasmTarget.name(),
            indented(&Need::WasmTarget.commands(workspace))
        )));
    }
    println!("Falling back to Debian's Rust for the wasm build.");
    debian::install_wasm_target(workspace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_scope_needs_more() {
        assert!(Scope::Check < Scope::Build && Scope::Build < Scope::Docs);
        assert!(Scope::Docs < Scope::Test && Scope::Test < Scope::Packaging);
    }

    #[test]
    fn every_need_has_a_command_to_type() -> Result<()> {
        let workspace = Workspace::open(false)?;
        let wasm_bindgen = Need::WasmBindgen { version: "1.2.3".to_owned() };
        assert!(wasm_bindgen.commands(&workspace).concat().contains("wasm-bindgen-cli --version =1.2.3"));
        let others = [
            Need::Node,
            Need::RustComponents,
            Need::WasmTarget,
            Need::WasmPack,
            Need::Browser,
            Need::Crates,
            Need::StdCrates,
            Need::NpmPackages { folder: "." },
        ];
        for need in others {
            assert!(!need.commands(&workspace).concat().is_empty(), "{need:?}");
        }
        Ok(())
    }
}
