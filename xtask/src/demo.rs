//! `cargo xtask demo`: provider, API and page, until Ctrl-C.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::children::{Children, Stop, Waited};
use crate::error::{Error, Result};
use crate::package;
use crate::port::Port;
use crate::process::{self, Workspace};
use crate::setup::{self, Scope};
use crate::toolchain::Toolchain;

/// How long a part may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(60);

struct Part {
    name: &'static str,
    purpose: &'static str,
    program: &'static str,
    port: Port,
    /// Where it answers once it is ready.
    path: &'static str,
}

/// Provider, API, page: in the order in which they start.
fn parts() -> Result<[Part; 3]> {
    Ok([
        Part {
            name: "provider",
            purpose: "the OpenID Provider that signs people in",
            program: "demo/provider/main.js",
            port: Port::from_environment("OIDC_DEMO_PROVIDER_PORT", 9400)?,
            path: "/.well-known/openid-configuration",
        },
        Part {
            name: "API",
            purpose: "the API that the page calls with a token",
            program: "demo/api/main.js",
            port: Port::from_environment("OIDC_DEMO_API_PORT", 9401)?,
            path: "/",
        },
        Part {
            name: "page",
            purpose: "the demo's page",
            program: "demo/spa/main.js",
            port: Port::from_environment("OIDC_DEMO_PAGE_PORT", 9402)?,
            path: "/",
        },
    ])
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let parts = parts()?;
    // Before the build, which takes a while, and again after it.
    require_free_ports(&parts)?;
    setup::run(workspace, Scope::Build)?;
    package::build(workspace, &Toolchain::required(workspace)?)?;
    process::run(&mut workspace.npm_tool("vite", &["build", "demo/spa"]))?;
    let users = users(workspace)?;
    require_free_ports(&parts)?;

    let (sender, stop) = mpsc::channel();
    // The demo may have ended already; then nobody listens any more.
    ctrlc::set_handler(move || drop(sender.send(Stop)))
        .map_err(|error| Error::new(format!("Ctrl-C cannot be watched for: {error}.")))?;
    let mut children = Children::new(stop);
    let result = serve(workspace, &parts, &users, &mut children);
    println!("Stopping the demo.");
    children.stop_all();
    result
}

fn serve(workspace: &Workspace, parts: &[Part; 3], users: &str, children: &mut Children) -> Result<()> {
    for part in parts {
        children.start(part.name, workspace.node(&[part.program]))?;
    }
    for part in parts {
        if wait_until_ready(part, children)? == Waited::Stopped {
            return Ok(());
        }
    }
    let [provider, api, page] = parts;
    println!("\nThe demo is ready. Open {}", page.port.url());
    println!("  sign in as  {users}");
    println!("  provider    {}", provider.port.url());
    println!("  API         {}", api.port.url());
    println!("  for an application of your own: client \"spa\", redirect URI http://localhost:5173/");
    println!("Ctrl-C stops everything.\n");
    children.wait_until(|| false).map(drop)
}

fn wait_until_ready(part: &Part, children: &mut Children) -> Result<Waited> {
    let start = Instant::now();
    let mut ready = false;
    let waited = children.wait_until(|| {
        ready = part.port.status(part.path).is_some_and(is_ready);
        ready || start.elapsed() > START_LIMIT
    })?;
    if waited == Waited::Done && !ready {
        return Err(Error::new(format!(
            "The {} did not answer at {}{} within {} seconds. Its lines above may say why.",
            part.name,
            part.port.url(),
            part.path,
            START_LIMIT.as_secs()
        )));
    }
    Ok(waited)
}

/// Any answer but "not yet" and "failed" shows that the part works.
fn is_ready(status: u16) -> bool {
    status < 500
}

/// Names and passwords, from the provider's own list.
fn users(workspace: &Workspace) -> Result<String> {
    let script = "import { users } from './demo/provider/users.js';\
        const line = ([name, { password }]) => `${name} / ${password}`;\
        console.log(Object.entries(users).map(line).join('  or  '));";
    let printed = process::capture(&mut workspace.node(&["--input-type=module", "--eval", script]))?;
    Ok(printed.trim().to_owned())
}

fn require_free_ports(parts: &[Part]) -> Result<()> {
    let taken: Vec<String> = parts.iter().filter(|part| !part.port.is_free()).map(taken_message).collect();
    if taken.is_empty() { Ok(()) } else { Err(Error::new(taken.join("\n"))) }
}

fn taken_message(part: &Part) -> String {
    let Port { number, variable } = part.port;
    let purpose = part.purpose;
    let other = number.checked_add(100).unwrap_or(9500);
    format!(
        "Port {number} is taken, and {purpose} needs it. Stop the program that has it, or choose another port: {variable}={other} cargo xtask demo"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_answered_with_its_purpose_and_its_variable() {
        let part = Part {
            name: "API",
            purpose: "the API that the page calls with a token",
            program: "demo/api/main.js",
            port: Port { number: 9401, variable: "OIDC_DEMO_API_PORT" },
            path: "/",
        };
        assert_eq!(
            taken_message(&part),
            "Port 9401 is taken, and the API that the page calls with a token needs it. \
             Stop the program that has it, or choose another port: OIDC_DEMO_API_PORT=9501 cargo xtask demo"
        );
    }

    #[test]
    fn a_part_is_ready_when_it_answers_anything_but_a_failure() {
        assert!(is_ready(200) && is_ready(401) && is_ready(404));
        assert!(!is_ready(500) && !is_ready(503));
    }
}
