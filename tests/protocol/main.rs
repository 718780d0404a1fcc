//! The protocol layer, from tables (`fixtures/protocol/*.json`): what is sent for which options, what is made of which
//! answer, and everything that needs neither. Natively with RustCrypto, and in a browser (`wasm-pack test`) with its own
//! cryptography.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod case;
#[path = "../flows/keys.rs"]
#[allow(dead_code, reason = "shared with the flows, which use more of it")]
mod keys;
mod run;
#[path = "../flows/rustcrypto.rs"]
#[allow(dead_code, reason = "in a browser only its digests are used")]
mod rustcrypto;
mod words;
mod world;

use std::collections::HashSet;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// One test and one entry of `FILES` for each file of cases.
macro_rules! files {
    ($($name:ident: $least:literal,)+) => {
        /// Name, text, and the least number of cases of each file.
        const FILES: &[(&str, &str, usize)] = &[$((
            stringify!($name),
            include_str!(concat!("../../fixtures/protocol/", stringify!($name), ".json")),
            $least,
        ),)+];

        $(
            #[cfg(not(target_arch = "wasm32"))]
            #[test]
            fn $name() {
                pollster::block_on(run::run_all(file(stringify!($name))));
            }

            #[cfg(target_arch = "wasm32")]
            #[wasm_bindgen_test::wasm_bindgen_test]
            async fn $name() {
                run::run_all(file(stringify!($name))).await;
            }
        )+
    };
}

files! {
    urls: 123,
    authorize_response: 86,
    discovery: 218,
    requests: 155,
    responses: 387,
    client_authentication: 72,
    jwt: 215,
    request_object: 67,
    signed_response: 68,
    primitives: 101,
    polling: 47,
    dpop: 77,
    cache: 55,
}

fn file(name: &str) -> Vec<case::Case> {
    let (_, text, _) = FILES.iter().find(|(known, _, _)| *known == name).unwrap();
    case::read(text)
}

/// The numbers are those in `fixtures/protocol/README.md`: cases that vanish are noticed.
#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
fn there_are_at_least_as_many_cases_as_promised_and_none_is_named_twice() {
    let promised = include_str!("../../fixtures/protocol/README.md");
    let (mut names, mut total) = (HashSet::new(), 0);
    for (name, text, least) in FILES {
        let cases = case::read(text);
        assert!(cases.len() >= *least, "{name}.json: {} cases, {least} are promised", cases.len());
        let row = promised.lines().find(|line| line.starts_with(&format!("| `{name}.json` |")));
        assert!(
            row.is_some_and(|row| row.ends_with(&format!(" | {least} |"))),
            "{name}.json is in no row of the README"
        );
        total += cases.len();
        for case in cases {
            assert!(names.insert(case.id.clone()), "{name}.json: {} is there twice", case.id);
        }
    }
    assert!(total >= 400, "{total} cases");
}
