//! `cargo xtask test` and `cargo xtask check`: every test of the project, in groups that can run alone.

use std::fs;
use std::path::Path;

use crate::browser;
use crate::docs;
use crate::error::{Error, Result};
use crate::package;
use crate::process::{self, Workspace};
use crate::setup::{self, Scope};
use crate::steps::Steps;
use crate::toolchain::{Toolchain, WASM_TARGET};

const TYPESCRIPT_PROJECTS: [&str; 7] = [
    "pkg-template",
    "ts-tests",
    "ts-tests/tsconfig.nodenext.json",
    "ts-tests/tsconfig.unit.json",
    "ts-tests/browser",
    "demo",
    "demo/spa",
];

/// Those that need the bundlers and frameworks.
const PACKAGING_PROJECTS: [&str; 2] = ["ts-tests/packaging", "ts-tests/packaging/apps/react"];

/// A part of the tests that makes sense alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Formatting, lints and the core's tests, without a browser.
    Native,
    /// The npm package: built, checked and unit-tested.
    TypeScript,
    /// The wasm code in a browser, by wasm-pack.
    Wasm,
    /// The packed package in a browser against the demo's provider and API.
    Browser,
    /// The packed package in bundlers, frameworks and runtimes.
    Packaging,
}

impl Group {
    pub(crate) const ALL: [Self; 5] = [Self::Native, Self::TypeScript, Self::Wasm, Self::Browser, Self::Packaging];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::TypeScript => "ts",
            Self::Wasm => "wasm",
            Self::Browser => "browser",
            Self::Packaging => "packaging",
        }
    }

    pub(crate) fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::new(format!("There is no group of tests called \"{name}\". Choose from: {names}."))
        })
    }

    fn scope(self) -> Scope {
        match self {
            Self::Native => Scope::Check,
            Self::TypeScript => Scope::Docs,
            Self::Wasm | Self::Browser => Scope::Test,
            Self::Packaging => Scope::Packaging,
        }
    }
}

/// Runs the groups and prints the summary; true when all passed.
pub(crate) fn run(workspace: &Workspace, groups: &[Group]) -> bool {
    let mut steps = Steps::default();
    let all = groups == Group::ALL;
    steps.run("set-up", || groups.iter().map(|group| group.scope()).try_for_each(|scope| setup::run(workspace, scope)));
    if groups.contains(&Group::Native) {
        native(&mut steps, workspace);
    }
    if all {
        steps.run("clippy for wasm", || clippy_for_wasm(workspace));
    }
    if groups.iter().any(|group| matches!(group, Group::TypeScript | Group::Browser | Group::Packaging)) {
        steps.run("build the npm package", || package::build_for_tests(workspace, &Toolchain::required(workspace)?));
    }
    if groups.contains(&Group::TypeScript) {
        typescript(&mut steps, workspace);
    }
    if groups.contains(&Group::Wasm) {
        steps.run("wasm tests in Chromium (wasm-pack)", || wasm(workspace));
    }
    if groups.contains(&Group::Browser) {
        steps.run("the packed package in Chromium (vitest)", || with_browser(workspace, "ts-tests/browser"));
    }
    if groups.contains(&Group::Packaging) {
        steps.run("types of the applications (tsc)", || check_types(workspace, &PACKAGING_PROJECTS));
        steps.run("bundlers, frameworks and runtimes (vitest)", || with_browser(workspace, "ts-tests/packaging"));
    }
    println!("\n{}", steps.summary());
    steps.all_passed()
}

fn native(steps: &mut Steps, workspace: &Workspace) {
    let mut cargo = |name, args: &[&str]| steps.run(name, || process::run(&mut workspace.cargo(args)));
    cargo("rustfmt", &["fmt", "--all", "--check"]);
    cargo("clippy", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]);
    cargo("native tests", &["test", "--workspace"]);
}

fn clippy_for_wasm(workspace: &Workspace) -> Result<()> {
    let toolchain = Toolchain::required(workspace)?;
    for features in ["", "software-signer"] {
        let args = ["clippy", "--lib", "--target", WASM_TARGET, "--features", features, "--", "--deny", "warnings"];
        process::run(&mut toolchain.cargo(workspace, &args))?;
    }
    Ok(())
}

fn typescript(steps: &mut Steps, workspace: &Workspace) {
    steps.run("types (tsc)", || check_types(workspace, &TYPESCRIPT_PROJECTS));
    let mut tool = |name, program, args: &[&str]| {
        steps.run(name, || process::run(&mut workspace.npm_tool(program, args)));
    };
    tool("oxlint", "oxlint", &["--deny-warnings"]);
    tool("the package's manifest (publint)", "publint", &["--strict", "pkg"]);
    steps.run("unit tests (vitest)", || vitest(workspace, "ts-tests", &[]));
    steps.run("the documentation site", || docs::write(workspace));
}

fn check_types(workspace: &Workspace, projects: &[&str]) -> Result<()> {
    projects.iter().try_for_each(|project| process::run(&mut workspace.npm_tool("tsc", &["--noEmit", "-p", project])))
}

fn wasm(workspace: &Workspace) -> Result<()> {
    let browser = browser::find(workspace).map_err(Error::new)?;
    // wasm-pack may install nothing: set-up put the matching wasm-bindgen into PATH.
    let mut command = workspace.command_with("wasm-pack", &["test", "--headless", "--chrome", "--mode", "no-install"]);
    command.arg("--chromedriver").arg(&browser.driver);
    // The default of 20 seconds is short: the flows alone take 45, and much longer where the machine is busy otherwise.
    command.env("WASM_BINDGEN_TEST_TIMEOUT", "900");
    process::run(&mut Toolchain::required(workspace)?.apply(command))
}

fn with_browser(workspace: &Workspace, folder: &str) -> Result<()> {
    let browser = browser::find(workspace).map_err(Error::new)?;
    vitest(workspace, folder, &[(browser::CHROMIUM, &browser.chromium)])
}

/// The tests in a folder, by the configuration there. What fails is part of the error: the output above it is long.
fn vitest(workspace: &Workspace, folder: &str, environment: &[(&str, &Path)]) -> Result<()> {
    let failures = workspace.path("target").join("failures.txt");
    // That of an earlier run; it may not be there.
    let _ = fs::remove_file(&failures);
    let config = format!("{folder}/vitest.config.ts");
    let mut command = workspace.npm_tool("vitest", &["run", "--config", &config]);
    command.envs(environment.iter().copied()).env("OIDC_WASM_FAILURES", &failures);
    process::run(&mut command).map_err(|error| match fs::read_to_string(&failures) {
        Ok(lines) if !lines.is_empty() => Error::new(format!("{error}\n{}", first_lines(&lines))),
        _ => error,
    })
}

/// As many as one reads.
fn first_lines(text: &str) -> String {
    const MOST: usize = 10;
    let mut lines: Vec<String> = text.lines().take(MOST).map(str::to_owned).collect();
    let left = text.lines().count() - lines.len();
    if left > 0 {
        lines.push(format!("… and {left} more"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_name() -> Result<()> {
        for group in Group::ALL {
            assert_eq!(Group::from_name(group.name())?, group);
        }
        Ok(())
    }

    #[test]
    fn ten_lines_of_failures_are_shown_and_the_others_counted() {
        assert_eq!(first_lines("one\ntwo\n"), "one\ntwo");
        let ten = (1..=10).map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
        assert_eq!(first_lines(&ten), ten);
        assert_eq!(first_lines(&format!("{ten}\n11\n12\n")), format!("{ten}\n… and 2 more"));
    }

    #[test]
    fn an_unknown_group_is_answered_with_the_known_ones() {
        let message = Group::from_name("all").map_err(|error| error.to_string());
        assert!(message.is_err_and(|text| text.contains("native, ts, wasm, browser, packaging")));
    }
}
