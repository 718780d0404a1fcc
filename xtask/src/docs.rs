//! `cargo xtask docs`: the documentation as a site.

use crate::error::Result;
use crate::package;
use crate::process::{self, Workspace};
use crate::setup::{self, Scope};
use crate::toolchain::Toolchain;

/// Builds the package, whose declarations are part of the documentation, and writes the site.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    setup::run(workspace, Scope::Docs)?;
    package::build(workspace, &Toolchain::required(workspace)?)?;
    write(workspace)?;
    println!("Open {} in a browser; it needs no server.", workspace.path("target/docs/index.html").display());
    Ok(())
}

/// Writes the site into target/docs, from a package that is built. Links that lead nowhere, pages that nobody finds and
/// warnings of TypeDoc fail it.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    process::run(&mut workspace.node(&["docs/site/build.mjs"]))
}
