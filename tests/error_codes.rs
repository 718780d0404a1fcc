//! Error codes are stable, and the same in Rust, in TypeScript and in the committed list (LG-04).
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use oidc_wasm::error::ErrorCode;
use std::collections::BTreeMap;

/// Codes that the TypeScript face makes itself.
const FACE: [(&str, &str); 9] = [
    ("client_disposed", "usage"),
    ("not_initialized", "usage"),
    ("popup_blocked", "interaction"),
    ("popup_closed", "interaction"),
    ("request_not_repeatable", "usage"),
    ("wasm_blocked_by_csp", "usage"),
    ("wasm_load_failed", "usage"),
    ("wasm_not_found", "usage"),
    ("wasm_wrong_content_type", "usage"),
];

/// Codes with their types, as `OidcErrorTypes` in TypeScript declares them.
fn in_typescript(source: &str) -> BTreeMap<&str, &str> {
    let (_, rest) = source.split_once("export interface OidcErrorTypes {").unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let members = body.lines().filter_map(|line| line.trim().strip_suffix("\";")?.split_once(": \""));
    members.collect()
}

fn in_rust() -> BTreeMap<&'static str, &'static str> {
    ErrorCode::ALL.iter().map(|code| (code.as_str(), code.error_type().as_str())).collect()
}

#[test]
fn typescript_has_the_codes_of_the_core_and_its_own() {
    let mut typescript = in_typescript(include_str!("../pkg-template/src/errors.ts"));
    for (code, kind) in FACE {
        assert_eq!(typescript.remove(code), Some(kind), "{code}");
    }
    assert_eq!(typescript, in_rust());
}

#[test]
fn a_published_code_stays_and_a_new_one_is_listed() {
    let listed: Vec<&str> = include_str!("../fixtures/error_codes.txt").lines().collect();
    let rust = in_rust();
    let mut now: Vec<&str> = rust.keys().copied().chain(FACE.map(|(code, _)| code)).collect();
    now.sort_unstable();
    for code in &listed {
        assert!(now.contains(code), "{code} is gone: programs branch on it");
    }
    for code in &now {
        assert!(listed.contains(code), "{code} is new: list it in fixtures/error_codes.txt");
    }
    assert!(listed.is_sorted(), "fixtures/error_codes.txt is not sorted");
}

#[test]
fn every_message_is_a_sentence() {
    for code in ErrorCode::ALL {
        let message = code.message();
        assert!(message.starts_with(|c: char| c.is_uppercase()) && message.ends_with('.'), "{}", code.as_str());
    }
}

#[test]
fn a_difference_is_seen() {
    let source = "export interface OidcErrorTypes {\n  /** Text: \"x\"; */\n  aborted: \"aborted\";\n  internal: \"usage\";\n}\n";
    assert_eq!(in_typescript(source), BTreeMap::from([("aborted", "aborted"), ("internal", "usage")]));
}
