//! `cargo xtask bench`: what a proof costs in Chromium. It measures and judges nothing, so it is no part of the tests.

use std::fs;

use crate::browser;
use crate::error::{Error, Result};
use crate::package;
use crate::process::{self, Workspace};
use crate::setup::{self, Scope};
use crate::toolchain::Toolchain;

const LOCK: &str = "bench/package-lock.json";
const STAMP: &str = "bench/node_modules/.installed-package-lock.json";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    setup::run(workspace, Scope::Test)?;
    package::build(workspace, &Toolchain::required(workspace)?)?;
    install(workspace)?;
    let browser = browser::find(workspace).map_err(Error::new)?;
    let mut command = workspace.node(&["bench/main.js"]);
    command.env(browser::CHROMIUM, &browser.chromium);
    process::run(&mut command)
}

/// The libraries to compare with. They have a lock file of their own, because nothing else needs them.
fn install(workspace: &Workspace) -> Result<()> {
    let lock = workspace.read(LOCK)?;
    if fs::read_to_string(workspace.path(STAMP)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut command = workspace.npm(&["ci", "--prefix", "bench", "--ignore-scripts", "--no-audit", "--no-fund"]);
    if workspace.offline {
        let shown = process::show(&command);
        return Err(Error::new(format!("--offline forbids downloads. Run this once with a network:\n    {shown}")));
    }
    process::run(&mut command)?;
    fs::write(workspace.path(STAMP), lock).map_err(|error| Error::new(format!("{STAMP} cannot be written: {error}.")))
}
