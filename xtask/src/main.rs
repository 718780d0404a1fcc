//! `cargo xtask`: set-up, build, tests and demo of oidc-wasm.

mod bench;
mod browser;
mod children;
mod debian;
mod demo;
mod docs;
mod error;
mod package;
mod port;
mod process;
mod release;
mod setup;
mod steps;
mod test;
mod toolchain;
mod version;

use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::process::Workspace;
use crate::release::Mode;
use crate::setup::Scope;
use crate::test::Group;
use crate::toolchain::Toolchain;

const HELP: &str = "\
cargo xtask COMMAND [--offline]

  demo          build the package, start provider, API and page, and print where to go
  test          everything: Rust, TypeScript, wasm in a browser, the packed package in a browser
  test GROUP    one group: native, ts, wasm, browser or packaging
  check         the fast part: formatting, lints and native tests
  bench         measure what a DPoP proof costs in Chromium, beside other libraries
  docs          write the documentation as a site to target/docs, and check its links
  build         write the npm package to pkg/, pack it, and print its sizes
  release       build the package twice from the commit, compare, check and list what is in it; with --dry-run,
                what a release lacks is only said
  setup         install what is missing; the other commands do this for what they need

  --offline     download nothing; say what is missing";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// False when tests failed: their summary has said so.
fn run(args: &[String]) -> Result<bool> {
    let (flags, words): (Vec<&str>, Vec<&str>) = args.iter().map(String::as_str).partition(|arg| arg.starts_with('-'));
    if words.is_empty() || flags.iter().any(|flag| ["--help", "-h"].contains(flag)) {
        println!("{HELP}");
        return Ok(true);
    }
    let of_release = ["--dry-run"].iter().filter(|_| words.first() == Some(&"release"));
    let known: Vec<&str> = ["--offline"].iter().chain(of_release).copied().collect();
    if let Some(unknown) = flags.iter().find(|flag| !known.contains(flag)) {
        return Err(Error::new(format!("There is no option {unknown}. `cargo xtask --help` lists what there is.")));
    }
    let workspace = Workspace::open(flags.contains(&"--offline"))?;
    match words.as_slice() {
        ["setup"] => {
            setup::run(&workspace, Scope::Test)?;
            setup::report(&workspace);
            Ok(true)
        }
        ["build"] => {
            setup::run(&workspace, Scope::Build)?;
            package::build(&workspace, &Toolchain::required(&workspace)?)?;
            Ok(true)
        }
        ["docs"] => docs::run(&workspace).map(|()| true),
        ["release"] => {
            release::run(&workspace, if flags.contains(&"--dry-run") { Mode::DryRun } else { Mode::Release })
        }
        ["bench"] => bench::run(&workspace).map(|()| true),
        ["demo"] => demo::run(&workspace).map(|()| true),
        ["check"] => Ok(test::run(&workspace, &[Group::Native])),
        ["test"] => Ok(test::run(&workspace, &Group::ALL)),
        ["test", names @ ..] => {
            let groups = names.iter().map(|name| Group::from_name(name)).collect::<Result<Vec<_>>>()?;
            Ok(test::run(&workspace, &groups))
        }
        _ => Err(Error::new(format!("There is no command \"{}\".\n\n{HELP}", words.join(" ")))),
    }
}
