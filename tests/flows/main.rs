//! The core's flows, from scripts (`fixtures/flows/*.json`) and on a scripted world: natively with RustCrypto, and in
//! a browser (`wasm-pack test`) with its own cryptography, random source and storage.
#![allow(clippy::unwrap_used, clippy::panic, clippy::unreachable, reason = "tests may panic")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

/// Tests that run natively and in a browser.
macro_rules! tests {
    ($($(#[doc = $doc:literal])* async fn $name:ident() $body:block)+) => {
        $(
            #[cfg(not(target_arch = "wasm32"))]
            #[test]
            fn $name() {
                pollster::block_on(async $body);
            }

            #[cfg(target_arch = "wasm32")]
            #[wasm_bindgen_test::wasm_bindgen_test]
            async fn $name() $body
        )+
    };
}

mod hooks;
mod keys;
mod leases;
mod platform;
mod proofs;
mod provider;
mod records;
mod renewals;
mod run;
mod rustcrypto;
mod script;
mod sign_outs;

use hooks::NoHooks;
use oidc_wasm::error::{Error, ErrorCode};
use oidc_wasm::json::Json;
use oidc_wasm::protocol::logout::EndSession;
use run::{Page, both, poll_once, run_all};
use script::KeyPlace;
use serde_json::json;
use std::collections::HashSet;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Name, text, and the least number of scripts of each file.
macro_rules! files {
    ($($name:literal: $least:literal,)+) => {
        const FILES: &[(&str, &str, usize)] =
            &[$(($name, include_str!(concat!("../../fixtures/flows/", $name, ".json")), $least),)+];
    };
}

files! {
    "sign_in": 51,
    "callback": 61,
    "discovery": 89,
    "jwks": 40,
    "token": 86,
    "id_token": 194,
    "par": 26,
    "session": 32,
    "core/proofs": 51,
    "core/keys": 44,
    "core/nonces": 71,
    "core/clocks": 27,
    "core/pushed": 14,
    "core/request_object": 35,
    "core/details": 43,
    "core/resources": 52,
    "core/signed_response": 136,
    "core/renewal": 72,
    "core/fapi2": 39,
    "core/sessions": 121,
}

async fn run_file(name: &str) {
    let (_, text, _) = FILES.iter().find(|(known, _, _)| *known == name).unwrap();
    run_all(text).await;
}

/// The code of an error that there must be.
fn refused_with<T>(outcome: Result<T, Error>) -> ErrorCode {
    outcome.map_or_else(|error| error.code(), |_| panic!("nothing was refused"))
}

/// A page at a provider that signs ID Tokens by the quickest algorithm.
fn quick_page(options: &str) -> Page {
    let mut options: serde_json::Map<String, serde_json::Value> = serde_json::from_str(options).unwrap();
    options.insert("idTokenSignedResponseAlg".to_owned(), "ES256".into());
    let page = Page::open(&serde_json::Value::Object(options).to_string());
    page.world.provider.borrow_mut().usual_key = "ec-1";
    page
}

/// A page where somebody is signed in, with refresh tokens that are good for one use; no requests so far.
async fn signed_in(options: &str) -> Page {
    let page = quick_page(options);
    page.behave(r#"{"refresh":{"tokens":"rotating"}}"#);
    page.sign_in().await.unwrap();
    page.requests();
    page
}

/// The numbers are those in `fixtures/flows/README.md`: scripts that vanish are noticed.
#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
fn there_are_at_least_as_many_scripts_as_promised_and_none_is_named_twice() {
    let promised = include_str!("../../fixtures/flows/README.md");
    for (name, text, least) in FILES {
        let (ids, mut names) = (run::ids(text), HashSet::new());
        assert!(ids.len() >= *least, "{name}.json: {} scripts, {least} are promised", ids.len());
        let row = promised.lines().find(|line| line.starts_with(&format!("| `{name}.json` |")));
        assert!(
            row.is_some_and(|row| row.ends_with(&format!(" | {least} |"))),
            "{name}.json is in no row of the README"
        );
        for id in ids {
            assert!(names.insert(id.clone()), "{name}.json: {id} is there twice");
        }
    }
}

tests! {
    async fn sign_in() {
        run_file("sign_in").await;
    }

    async fn callback() {
        run_file("callback").await;
    }

    async fn discovery() {
        run_file("discovery").await;
    }

    async fn jwks() {
        run_file("jwks").await;
    }

    async fn token() {
        run_file("token").await;
    }

    async fn id_token() {
        run_file("id_token").await;
    }

    async fn session() {
        run_file("session").await;
    }

    async fn ar_11_ar_12_ar_13_requests_are_pushed() {
        run_file("par").await;
        run_file("core/pushed").await;
    }

    async fn dp_01_dp_02_dp_03_dp_04_dp_05_dp_07_dp_12_every_request_has_a_proof_of_its_own() {
        run_file("core/proofs").await;
    }

    async fn dp_10_dp_11_ar_14_without_its_key_nothing_is_sent() {
        run_file("core/keys").await;
    }

    async fn dp_13_dp_14_dp_15_dp_16_dp_17_dp_19_nonces_cost_one_more_request_at_most() {
        run_file("core/nonces").await;
    }

    async fn dp_22_a_clock_that_is_wrong_costs_one_more_request_at_most() {
        run_file("core/clocks").await;
    }

    async fn ar_15_requests_are_signed() {
        run_file("core/request_object").await;
    }

    async fn ar_16_ar_17_tr_17_details_claims_and_resources_are_asked_for() {
        run_file("core/details").await;
    }

    async fn ar_17_dp_20_tr_23_each_api_gets_its_token_and_nobody_else() {
        run_file("core/resources").await;
    }

    async fn cb_10_cb_11_responses_are_signed() {
        run_file("core/signed_response").await;
    }

    async fn rf_01_rf_05_rf_06_rf_08_rf_13_tokens_are_renewed() {
        run_file("core/renewal").await;
    }

    async fn cb_08_cb_15_lo_05_lo_06_rf_09_tm_10_one_session_in_many_tabs() {
        run_file("core/sessions").await;
    }

    async fn fapi2_the_profile_is_kept() {
        run_file("core/fapi2").await;
    }

    async fn rf_07_whoever_was_quicker_is_right() {
        for id_token in [false, true] {
            let page = signed_in(r#"{"dpop":true}"#).await;
            // The provider takes the refresh token for a stolen one, and says so; meanwhile there are newer ones.
            page.behave(&format!(r#"{{"refresh":{{"tokens":"rotating","revoked":true,"idToken":{id_token}}}}}"#));
            let quicker = async {
                page.until("refresh").await;
                page.change_record(json!({ "refreshToken": "theirs", "accessToken": "theirs too" }));
            };
            let (ours, ()) = both(page.renew(), quicker).await;
            assert_eq!(ours.unwrap().str("token"), Some("theirs too"));
            assert_eq!(page.record()["refreshToken"], "theirs");
            assert!(page.world.ring.dropped.borrow().is_empty());
            page.assert_no_violations();
        }
    }

    async fn rf_11_whoever_signed_out_during_a_renewal_stays_signed_out() {
        for id_token in [false, true] {
            let page = signed_in(r#"{"dpop":true}"#).await;
            page.behave(&format!(r#"{{"refresh":{{"tokens":"rotating","idToken":{id_token}}}}}"#));
            // On a page that has to get keys first to check an ID Token.
            page.world.tab.clear();
            let page = page.beside();
            let last = if id_token { "jwks" } else { "refresh" };
            let sign_out = async {
                page.until(last).await;
                page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
            };
            let (renewed, ()) = both(page.renew(), sign_out).await;
            assert_eq!(renewed.map_err(|error| error.code()), Err(ErrorCode::NotSignedIn), "{id_token}");
            assert!(page.session().await.is_none(), "{id_token}");
            assert_eq!(page.world.session.text("session"), "", "{id_token}");
        }
    }

    async fn rf_12_nobody_gets_the_token_of_another_person() {
        let page = signed_in("{}").await;
        let alice = page.expected().await;
        page.behave(r#"{"refresh":{"tokens":"rotating"},"idToken":{"claims":{"sub":"bob"}}}"#);
        let bob = page.sign_in().await.unwrap();
        page.requests();
        let outcome = page.renew_as(&alice, json!({ "force": true })).await.map_err(|error| error.code());
        assert_eq!(outcome, Err(ErrorCode::SessionChanged));
        assert_eq!(page.requests(), Vec::<String>::new());
        assert_eq!(page.session().await.unwrap().access_token().expose(), bob.access_token().expose());
        assert_eq!(page.session().await.unwrap().subject(), "bob");
    }

    async fn dp_11_a_session_with_a_key_is_none_without_proofs_and_the_other_way_round() {
        for (first, then) in [(r#"{"dpop":true}"#, "{}"), ("{}", r#"{"dpop":true}"#)] {
            let page = Page::open(first);
            page.sign_in().await.unwrap();
            assert!(page.beside().session().await.is_some());
            assert!(page.beside_with(then).session().await.is_none(), "{first} {then}");
            assert!(page.session().await.is_some(), "it is still there");
        }
    }

    async fn dp_24_two_sign_ins_have_two_keys_and_what_is_shown_of_a_session_names_none() {
        let page = Page::open(r#"{"dpop":true}"#);
        let first = page.sign_in().await.unwrap();
        let second = page.sign_in().await.unwrap();
        let keys = page.world.provider.borrow().proofs.keys.clone();
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0], keys[1]);
        for session in [first, second] {
            let shown = Json::from(session.public()).to_text();
            for secret in [&keys[0], &keys[1], session.access_token().expose(), session.id_token().expose()] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        page.assert_no_violations();
    }

    async fn ar_05_the_state_of_a_window_of_its_own_says_so_and_no_other_does() {
        let page = Page::open("{}");
        let popup = serde_json::from_str(r#"{"popup":true}"#).unwrap();
        let prepared = page.prepare(&popup, KeyPlace::Kept).await.unwrap();
        assert!(prepared.state.starts_with("p."), "{}", prepared.state);
        page.world.provider.borrow_mut().visit(&prepared.url).unwrap();
        let url = page.world.provider.borrow().text("$redirectUri?code=$code&state=$state&iss=$iss");
        assert!(page.client.finish(&url, &NoHooks).await.is_ok());
        let prepared = page.prepare(&serde_json::Map::new(), KeyPlace::Kept).await.unwrap();
        assert!(!prepared.state.contains('.'), "{}", prepared.state);
    }

    async fn id_01_no_character_of_an_id_token_can_be_changed() {
        let tokens = [("ES256", "ec-1"), ("EdDSA", "ed-1"), ("RS256", "rsa-1")];
        // Signing with RSA hundreds of times takes too long in a browser.
        let tokens = if cfg!(target_arch = "wasm32") { &tokens[..2] } else { &tokens };
        for (algorithm, key) in tokens {
            let page = Page::open(&format!(r#"{{"idTokenSignedResponseAlg":"{algorithm}"}}"#));
            page.behave(&format!(r#"{{"idToken":{{"key":"{key}"}}}}"#));
            let honest = page.sign_in().await.unwrap();
            let length = honest.id_token().expose().len();
            page.world.session.clear();
            for place in 0..length {
                page.behave(&format!(r#"{{"idToken":{{"key":"{key}","tamperAt":{place}}}}}"#));
                assert!(page.sign_in().await.is_err(), "{algorithm}: character {place} of {length}");
                assert!(page.session().await.is_none(), "{algorithm}: character {place} of {length}");
            }
        }
    }

    async fn di_09_work_that_several_wait_for_is_done_once() {
        let page = Page::open("{}");
        let preload = || page.client.preload();
        let ((one, two), (three, four)) = both(both(preload(), preload()), both(preload(), preload())).await;
        assert_eq!([one, two, three, four], [Ok(()), Ok(()), Ok(()), Ok(())]);
        assert_eq!(page.requests(), ["discovery", "jwks"]);
    }

    async fn rx_03_work_that_nobody_waits_for_any_more_leaves_nothing_behind() {
        let page = Page::open("{}");
        poll_once(page.client.preload()).await;
        assert_eq!(page.requests(), ["discovery"]);
        assert_eq!(page.client.preload().await, Ok(()));
        assert_eq!(page.requests(), ["discovery", "jwks"]);

        let before = page.sign_in().await.unwrap();
        let url = page.begin().await;
        page.requests();
        poll_once(page.client.finish(&url, &NoHooks)).await;
        assert_eq!(page.requests(), ["token"]);
        // The code may have been used, so it is not sent again.
        let after = page.client.finish(&url, &NoHooks).await.unwrap();
        assert_eq!(after.access_token().expose(), before.access_token().expose());
        assert!(page.requests().is_empty());
    }

    async fn lo_03_the_way_back_from_a_sign_out_is_recognised_once() {
        let page = Page::open(r#"{"postLogoutRedirectUri":"https://app.example/bye"}"#);
        page.sign_in().await.unwrap();
        let Some((EndSession::Url(url), told)) = page.sign_out("{}").await.unwrap() else {
            panic!("no URL to sign out at");
        };
        assert!(page.session().await.is_none());
        let query = provider::parameters(url.split_once('?').unwrap().1);
        let state = &query.iter().find(|(name, _)| name == "state").unwrap().1;
        assert_eq!(*state, told);
        let returned = |url: String| page.client.finish_sign_out(&url).unwrap();
        for other in ["https://app.example/bye", "https://app.example/bye?state=x", "https://app.example/bye?state="] {
            assert!(!returned(other.to_owned()), "{other}");
        }
        assert!(returned(format!("https://app.example/bye?x=1&state={state}")));
        assert!(!returned(format!("https://app.example/bye?state={state}")));
    }

    async fn lo_03_a_state_of_a_sign_in_ends_no_sign_out() {
        let page = Page::open("{}");
        let callback = page.begin().await;
        let (_, query) = callback.split_once('?').unwrap();
        assert_eq!(page.client.finish_sign_out(&format!("https://app.example/bye?{query}")), Ok(false));
        assert!(page.client.finish(&callback, &NoHooks).await.is_ok());
    }
}
