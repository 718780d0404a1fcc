//! `cargo xtask release`: the package as it is published, from a commit and nothing else. Publishing is the release workflow's
//! business, which alone can say where a package comes from (npm provenance).

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::process::{self, Workspace};
use crate::setup::{self, Scope};
use crate::steps::Steps;
use crate::version;

const OUT: &str = "target/release-check";
/// Two folders whose paths differ in name and length: neither may end up in the package.
const CLONES: [&str; 2] = ["a", "another-and-longer-one"];

/// What a release insists on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A clean tree, a tag of that version on the commit, and every check with its answer.
    Release,
    /// The same; what is missing for a release is said and stops nothing.
    DryRun,
}

/// True when everything passed.
pub(crate) fn run(workspace: &Workspace, mode: Mode) -> Result<bool> {
    setup::run(workspace, Scope::Build)?;
    let mut steps = Steps::default();
    let version = package_version(&workspace.read("Cargo.toml")?)?;
    let commit = process::capture(&mut workspace.command_with("git", &["rev-parse", "HEAD"]))?.trim().to_owned();
    let tarball = format!("oidc-wasm-{version}.tgz");
    println!("oidc-wasm {version} at {commit}");
    steps.run("work tree, tag and changelog", || insist(mode, state(workspace, &version, &commit)?));
    for (name, clone) in ["first build", "second build, in another folder"].into_iter().zip(CLONES) {
        steps.run(name, || build(workspace, &folder(workspace, clone), &commit));
    }
    steps.run("both builds are the same bytes", || same(workspace, &tarball));
    steps.run("bill of materials", || bill_of_materials(workspace, &version, &commit));
    steps.run("licences and sources (cargo-deny)", || deny(workspace, &["bans", "licenses", "sources"]));
    steps.run("advisories about crates (cargo-deny)", || insist(mode, crate_advisories(workspace)?));
    steps.run("advisories about npm packages", || insist(mode, npm_advisories(workspace)?));
    steps.run("npm would take it", || {
        let path = workspace.path(OUT).join(&tarball);
        process::run(workspace.npm(&["publish", "--dry-run", "--access", "public", "--no-provenance"]).arg(path))
    });
    println!("\n{}", steps.summary());
    if steps.all_passed() {
        println!("{OUT} has {tarball} and its bill of materials. .github/workflows/release.yml publishes them.");
    }
    Ok(steps.all_passed())
}

/// What stands in the way of a release, one sentence each.
type Problems = Vec<String>;

fn insist(mode: Mode, problems: Problems) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let list = problems.join("\n");
    match mode {
        Mode::Release => Err(Error::new(list)),
        Mode::DryRun => {
            println!("A release would stop here:\n{list}");
            Ok(())
        }
    }
}

fn state(workspace: &Workspace, version: &str, commit: &str) -> Result<Problems> {
    let git = |args: &[&str]| process::capture(&mut workspace.command_with("git", args));
    let mut problems = Problems::new();
    let changed = git(&["status", "--porcelain"])?;
    if !changed.is_empty() {
        problems.push(format!("The work tree has changes; what is built is the commit without them:\n{changed}"));
    }
    let tag = format!("v{version}");
    let of_tag = git(&["rev-parse", "--verify", "--quiet", &format!("{tag}^{{commit}}")]);
    if !of_tag.is_ok_and(|of| of.trim() == commit) {
        problems.push(format!("The tag {tag} is not on this commit."));
    }
    if !is_in_changelog(&workspace.read("CHANGELOG.md")?, version) {
        problems.push(format!("CHANGELOG.md has no section \"## [{version}] - DATE\"."));
    }
    Ok(problems)
}

/// A heading with the version and a date, `unreleased` not being one.
fn is_in_changelog(changelog: &str, version: &str) -> bool {
    let heading = format!("## [{version}] - ");
    let dates = changelog.lines().filter_map(|line| line.strip_prefix(&heading));
    dates.into_iter().any(|date| date.len() == 10 && date.chars().all(|c| c == '-' || c.is_ascii_digit()))
}

fn package_version(manifest: &str) -> Result<String> {
    let package = manifest.split("\n[").find(|table| table.starts_with("package]"));
    let line = package.and_then(|table| table.lines().find_map(|line| line.strip_prefix("version = \"")));
    let version = line.and_then(|rest| rest.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| Error::new("Cargo.toml has no package version."))
}

fn folder(workspace: &Workspace, clone: &str) -> PathBuf {
    workspace.path(OUT).join(clone)
}

/// Builds the commit in a clone, as anybody else would.
fn build(workspace: &Workspace, clone: &Path, commit: &str) -> Result<()> {
    match fs::remove_dir_all(clone) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::new(format!("Cannot remove {}: {error}.", clone.display())));
        }
        _ => {}
    }
    let mut copy = workspace.command_with("git", &["clone", "--quiet", "--no-local", "."]);
    process::run(copy.arg(clone))?;
    let mut build = workspace.command_with("cargo", &["xtask", "build"]);
    if workspace.offline {
        build.arg("--offline");
    }
    build.current_dir(clone).env_remove("CARGO_TARGET_DIR").env("OIDC_WASM_COMMIT", commit);
    process::run(&mut build)
}

fn same(workspace: &Workspace, tarball: &str) -> Result<()> {
    let [first, second] = CLONES.map(|clone| folder(workspace, clone).join("target/package").join(tarball));
    let read =
        |path: &Path| fs::read(path).map_err(|error| Error::new(format!("Cannot read {}: {error}.", path.display())));
    if read(&first)? != read(&second)? {
        return Err(Error::new(format!(
            "{} and {} differ: the build is not reproducible.",
            first.display(),
            second.display()
        )));
    }
    let to = workspace.path(OUT).join(tarball);
    fs::copy(&first, &to).map_err(|error| Error::new(format!("Cannot write {}: {error}.", to.display())))?;
    process::run(workspace.command_with("sha256sum", &[]).arg(&to))
}

fn bill_of_materials(workspace: &Workspace, version: &str, commit: &str) -> Result<()> {
    let tools = version::locked(&workspace.read("Cargo.lock")?, "wasm-bindgen")?;
    let rustc = process::capture(&mut workspace.command_with("rustc", &["--version"]))?;
    process::run(&mut workspace.node(&["xtask/scripts/sbom.mjs", OUT, version, commit, rustc.trim(), &tools]))
}

fn deny(workspace: &Workspace, checks: &[&str]) -> Result<()> {
    if workspace.find("cargo-deny").is_none() {
        return Err(Error::new("cargo-deny is not installed: cargo install cargo-deny --locked"));
    }
    process::run(workspace.cargo(&["deny", "check"]).args(checks))
}

fn crate_advisories(workspace: &Workspace) -> Result<Problems> {
    if let Err(error) = process::capture(&mut workspace.cargo(&["deny", "fetch", "db"])) {
        return Ok(vec![format!("The database of advisories could not be fetched, so nothing was checked: {error}")]);
    }
    deny(workspace, &["advisories"]).map(|()| Problems::new())
}

/// Of the tools that build the package; it has no dependencies itself.
fn npm_advisories(workspace: &Workspace) -> Result<Problems> {
    let mut audit = workspace.npm(&["audit", "--audit-level=high"]);
    let output = audit.output().map_err(|error| Error::new(format!("npm cannot be started: {error}.")))?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{}", said.trim());
    if output.status.success() {
        return Ok(Problems::new());
    }
    if said.contains("audit endpoint returned an error") || said.contains("npm error network") {
        return Ok(vec!["The registry answers no audits, so nothing was checked.".to_owned()]);
    }
    Err(Error::new("npm knows of advisories, above."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_package() {
        let manifest = "[workspace]\nversion = \"9.9.9\"\n\n[package]\nname = \"x\"\nversion = \"0.1.2\"\n\n[lib]\nversion = \"8.8.8\"\n";
        assert_eq!(package_version(manifest).ok().as_deref(), Some("0.1.2"));
        assert!(package_version("[workspace]\nversion = \"9.9.9\"\n").is_err());
    }

    #[test]
    fn a_release_has_a_date_in_the_changelog() {
        assert!(is_in_changelog("# Changelog\n\n## [0.1.0] - 2026-11-21\n", "0.1.0"));
        for other in
            ["## [0.1.0] - unreleased\n", "## [0.1.0]\n", "## [0.1.01] - 2026-11-21\n", "see ## [0.1.0] - 2026-11-21\n"]
        {
            assert!(!is_in_changelog(other, "0.1.0"), "{other}");
        }
    }

    #[test]
    fn a_dry_run_says_what_a_release_stops_at() {
        assert!(insist(Mode::Release, vec!["no tag".to_owned()]).is_err());
        assert!(insist(Mode::DryRun, vec!["no tag".to_owned()]).is_ok());
        assert!(insist(Mode::Release, Problems::new()).is_ok());
    }
}
