//! The arrows between the layers (see `src/lib.rs`): each layer uses only those before it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every layer with what it may use besides itself.
const LAYERS: [(&[&str], &[&str]); 6] = [
    (&PLAIN, &PLAIN),
    (&["jose"], &PLAIN),
    (&["protocol"], &["jose"]),
    (&["platform"], &["jose"]),
    (&["client"], &["jose", "protocol", "platform"]),
    (&["browser"], &["jose", "platform"]),
];
const PLAIN: [&str; 9] = ["error", "secret", "constants", "encoding", "json", "text", "url", "time", "http"];
/// The last layer may use every other.
const LAST: &str = "wasm";

const JAVASCRIPT: [&str; 5] = ["js_sys", "web_sys", "wasm_bindgen", "wasm_bindgen_futures", "serde_wasm_bindgen"];

fn may_use(user: &str, used: &str) -> bool {
    user == used
        || user == LAST
        || PLAIN.contains(&used)
        || LAYERS.iter().any(|(layer, allowed)| layer.contains(&user) && allowed.contains(&used))
}

/// What is wrong with a file of this module, one line for each problem.
fn problems(module: &str, source: &str) -> Vec<String> {
    let code = without_comments(source);
    let mut problems: Vec<String> = modules_used(&code)
        .into_iter()
        .filter(|used| !may_use(module, used))
        .map(|used| format!("uses {used}"))
        .collect();
    let words: Vec<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    if module != "browser" && module != LAST {
        problems.extend(JAVASCRIPT.iter().filter(|name| words.contains(name)).map(|name| format!("names {name}")));
    }
    if ["protocol", "jose"].contains(&module) {
        problems.extend(["async", "await"].iter().filter(|word| words.contains(word)).map(|word| format!("is {word}")));
    }
    if code.contains("super::super") {
        problems.push("climbs out with super::super".into());
    }
    problems
}

fn without_comments(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" // ").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// First segments of all paths that begin with `crate::`, also of `crate::{a::b, c}`.
fn modules_used(code: &str) -> Vec<String> {
    let name =
        |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut modules = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            modules.push(name(rest));
            continue;
        };
        let mut depth = 0_usize;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '}' if depth == 0 => break,
                ',' if depth == 0 => modules.push(name(&std::mem::take(&mut item))),
                '{' => depth = depth.saturating_add(1),
                '}' => depth = depth.saturating_sub(1),
                _ if depth == 0 => item.push(c),
                _ => {}
            }
        }
        modules.push(name(&item));
    }
    modules.retain(|module| !module.is_empty());
    modules
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_layer_uses_only_those_before_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for path in files(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        let first = inside.iter().next().unwrap().to_str().unwrap();
        let module = first.strip_suffix(".rs").unwrap_or(first);
        if module == "lib" {
            continue;
        }
        let known = module == LAST || LAYERS.iter().any(|(layer, _)| layer.contains(&module));
        assert!(known, "{module} is in no layer: give it a place in src/lib.rs and here");
        seen.push(module.to_owned());
        let source = fs::read_to_string(&path).unwrap();
        found.extend(problems(module, &source).into_iter().map(|problem| format!("{} {problem}", inside.display())));
    }
    assert!(found.is_empty(), "wrong arrows:\n{}", found.join("\n"));
    for (layer, _) in LAYERS {
        for module in layer {
            assert!(seen.iter().any(|name| name == module), "there is no {module} any more");
        }
    }
}

#[test]
fn wrong_arrows_are_seen() {
    for (module, source, expected) in [
        ("jose", "use crate::protocol::token;", "uses protocol"),
        ("error", "fn f() { crate::jose::f() }", "uses jose"),
        ("protocol", "use crate::{error::{Error, Result}, client::Client};", "uses client"),
        ("client", "use crate::browser;", "uses browser"),
        ("browser", "use crate::client::Config;", "uses client"),
        ("platform", "use crate::client::Config;", "uses client"),
        ("client", "use js_sys::Promise;", "names js_sys"),
        ("jose", "async fn f() {}", "is async"),
        ("protocol", "f().await", "is await"),
        ("protocol", "use crate::platform::Http;", "uses platform"),
        ("client", "use super::super::wasm;", "climbs out with super::super"),
    ] {
        assert_eq!(problems(module, source), [expected], "{source}");
    }
    for (module, source) in [
        ("wasm", "use crate::client::Client; use wasm_bindgen::JsValue;"),
        ("client", "use crate::{error::{Error, Result}, json::Json};"),
        ("jose", "//! See crate::protocol and js_sys; async.\nlet x = 1; // crate::client"),
    ] {
        assert!(problems(module, source).is_empty(), "{source}");
    }
}
