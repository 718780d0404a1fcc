//! Every rule that the project has taken on has a test that is named for it.
//!
//! Read are the names of tests only: functions under `#[test]` or in a macro that makes tests of them, titles of `test`,
//! `it` and `describe`, and `id` or `name` of the scripts and tables in `fixtures`, which run as tests.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Letters, and the first and last number.
const RULES: &[(&str, u32, u32)] = &[
    ("AR", 11, 17),
    ("CB", 11, 11),
    ("CB", 15, 15),
    ("DP", 1, 24),
    ("JO", 1, 23),
    ("LO", 1, 10),
    ("RF", 1, 14),
    ("ST", 1, 11),
    ("TM", 1, 10),
];

/// Rules without a test, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("ST-09", "stored tokens are not encrypted: there is no such option"),
    ("ST-11", "built-ins are not captured: there is no such option"),
];

const FOLDERS: &[&str] = &["src", "tests", "ts-tests", "fixtures"];

#[test]
fn every_rule_has_a_test_with_its_name() {
    let mut names = Vec::new();
    for folder in FOLDERS {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut names);
    }
    let tested: BTreeSet<String> = names.iter().flat_map(|name| ids(name)).collect();
    let rules = RULES
        .iter()
        .flat_map(|(letters, first, last)| (*first..=*last).map(move |number| format!("{letters}-{number:02}")));
    let excepted = |id: &String| EXCEPTIONS.iter().any(|(exception, _)| exception == id);
    let missing: Vec<String> = rules.filter(|id| !tested.contains(id) && !excepted(id)).collect();
    assert_eq!(missing, Vec::<String>::new(), "no test is named for these");
    for (exception, _) in EXCEPTIONS {
        assert!(!tested.contains(*exception), "{exception} has a test and is no exception any more");
    }
}

#[test]
fn names_are_found_however_they_are_written() {
    let rust = "fn helper_jo_01() {}\n#[test]\nfn jo_02_jo_03_words() {}\n// fn jo_04_gone() {}\n    async fn jo_05_in_a_macro() {";
    assert_eq!(all_ids(&names_in_rust(rust)), ["JO-02", "JO-03", "JO-05"]);
    let script = r#"test("JO-06: one", f); it('JO-07 two', f); test.each(TABLE)(`JO-08 %s`, f);
        describe.sequential("DP-01, DP-02", f); // test("JO-09", f)
        test.each([
          ["JO-10 a row is no title", 1],
        ])("JO-11 %s", f); const x = "JO-12"; expect(latest("JO-13")).toBe(1);"#;
    assert_eq!(all_ids(&names_in_typescript(script)), ["JO-06", "JO-07", "JO-08", "DP-01", "DP-02", "JO-11"]);
    let table = r#"[{"group": "DP-03", "cases": [{"id": "JO-14 x", "with": {"name": "JO-15"}}]}, {"name": "JO-16 y"}]"#;
    assert_eq!(all_ids(&names_in_json(table)), ["JO-14", "JO-15", "JO-16"]);
    for no_id in ["JO-1", "JO-123", "XJO-12", "JO-12a", "jo_1", "jo_123", "ajo_12", "jo12", "JO 12", "Jo-12"] {
        assert_eq!(ids(no_id), Vec::<String>::new(), "{no_id}");
    }
    assert_eq!(ids("DP-05/DP-06, ar_11_dp_05"), ["DP-05", "DP-06", "AR-11", "DP-05"]);
}

fn all_ids(names: &[String]) -> Vec<String> {
    names.iter().flat_map(|name| ids(name)).collect()
}

fn collect(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "node_modules") {
                collect(&path, names);
            }
            continue;
        }
        // Its own examples are no tests.
        let text = || fs::read_to_string(&path).unwrap();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") if !path.ends_with(file!()) => names.extend(names_in_rust(&text())),
            Some("ts") => names.extend(names_in_typescript(&text())),
            // There DP numbers the features of docs/identitymodel.md.
            Some("json") if folder.ends_with("fixtures/protocol") => {
                names.extend(names_in_json(&text()).into_iter().filter(|name| !name.starts_with("DP-")));
            }
            Some("json") => names.extend(names_in_json(&text())),
            _ => {}
        }
    }
}

/// `#[test]` and what stands in a macro of tests, where functions are `async` and take nothing.
fn names_in_rust(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut names = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_test =
            lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).any(|line| line.contains("test"));
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some((name, rest)) = function.and_then(|rest| rest.split_once('('))
            && (is_test || (line.starts_with("async ") && rest.starts_with(") {")))
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// First arguments of `test`, `it` and `describe`, also of what their members give (`test.each(…)`).
fn names_in_typescript(text: &str) -> Vec<String> {
    let text: String = text.lines().map(|line| before_comment(line).to_owned() + "\n").collect();
    let mut names = Vec::new();
    for word in ["test", "it", "describe"] {
        for (at, _) in text.match_indices(word) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || "_$.\"'`".contains(letter)) {
                continue;
            }
            names.extend(title(&text[at + word.len()..]).map(|title| (at, title)));
        }
    }
    names.sort();
    names.into_iter().map(|(_, title)| title).collect()
}

/// The text that a call begins with: behind any members, and behind an argument list that is followed by another one.
fn title(mut rest: &str) -> Option<String> {
    while let Some(member) = rest.strip_prefix('.') {
        rest = member.trim_start_matches(|letter: char| letter.is_alphanumeric());
    }
    // Type arguments
    if rest.starts_with('<') {
        rest = &rest[rest.find(">(")? + 1..];
    }
    let arguments = rest.strip_prefix('(')?;
    let quote = arguments.trim_start().chars().next()?;
    if "\"'`".contains(quote) {
        let content = &arguments.trim_start()[1..];
        return Some(content[..content.find(quote)?].to_owned());
    }
    let end = closing(arguments)?;
    let next = arguments[end..].trim_start();
    next.starts_with('(').then(|| title(next)).flatten()
}

/// Where a list of arguments is over: behind its bracket.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (1, None, false);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn before_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") || trimmed.starts_with('*') || trimmed.starts_with("/*") {
        return "";
    }
    line.find(" // ").map_or(line, |at| &line[..at])
}

/// Values of `id` and `name`.
fn names_in_json(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for member in ["\"id\": \"", "\"name\": \""] {
        for (at, _) in text.match_indices(member) {
            let value = &text[at + member.len()..];
            names.push((at, value[..value.find('"').unwrap()].to_owned()));
        }
    }
    names.sort();
    names.into_iter().map(|(_, name)| name).collect()
}

/// The IDs in a name, as `JO-01` or `jo_01`, neither followed by a digit nor part of a word.
fn ids(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for at in name.char_indices().map(|(at, _)| at) {
        let (Some(id), before) = (name.get(at..at + 5), name[..at].chars().next_back()) else { continue };
        let after = name[at + 5..].chars().next();
        let (upper, lower) = (id.as_bytes()[2] == b'-', id.as_bytes()[2] == b'_');
        let letters =
            id.bytes().take(2).all(|it| if upper { it.is_ascii_uppercase() } else { it.is_ascii_lowercase() });
        let digits = id.bytes().skip(3).all(|it| it.is_ascii_digit());
        let alone = before.is_none_or(|it| !it.is_alphanumeric()) && after.is_none_or(|it| !it.is_alphanumeric());
        if (upper || lower) && letters && digits && alone {
            found.push(id.to_ascii_uppercase().replace('_', "-"));
        }
    }
    found
}
