//! Signing out: here first and always, whatever becomes of the rest; and sign-ins that wait for their turn.

use crate::platform::looks_around;
use crate::run::{Page, both, breathe};
use crate::{quick_page, refused_with, signed_in};
use oidc_wasm::error::ErrorCode;
use oidc_wasm::platform::Locks as _;
use oidc_wasm::protocol::logout::EndSession;
use serde_json::{Value, json};

/// A page where somebody is signed in at a provider that takes tokens back.
async fn with_revocation(options: &str, refresh_tokens: &str, answer: Value) -> Page {
    let page = quick_page(options);
    let provider = json!({
        "refresh": { "tokens": refresh_tokens },
        "discovery": { "body": { "revocation_endpoint": "$issuer/revoke" } },
        "revocation": answer,
    });
    page.behave(&provider.to_string());
    page.sign_in().await.unwrap();
    page.requests();
    page
}

fn url_of(request: Option<(EndSession, String)>) -> Option<String> {
    request.map(|(request, _)| match request {
        EndSession::Url(url) | EndSession::Form(url, _) => url,
    })
}

tests! {
    async fn lo_01_lo_08_tokens_are_taken_back_when_nobody_is_signed_in_here_any_more() {
        for (kind, token, hint) in
            [("rotating", "refresh-0-1", "refresh_token"), ("fixed", "refresh-0-1", "refresh_token"), ("none", "access-1", "access_token")]
        {
            for options in ["{}", r#"{"dpop":true}"#] {
                let page = with_revocation(options, kind, json!({})).await;
                let look = async {
                    page.until("revoke").await;
                    (page.world.session.text("session"), page.world.ring.dropped.borrow().len())
                };
                let (request, (record, dropped)) = both(page.sign_out(r#"{"revoke":true}"#), look).await;
                assert!(url_of(request.unwrap()).unwrap().starts_with("https://op.example/end?"));
                assert_eq!((record.as_str(), dropped), ("", usize::from(options != "{}")));
                assert_eq!(page.requests(), ["revoke"]);
                assert_eq!(page.world.provider.borrow().revoked, [(token.to_owned(), hint.to_owned())]);
                page.assert_no_violations();
            }
        }
    }

    async fn lo_08_whatever_comes_of_the_revocation_the_sign_out_goes_on() {
        for answer in [
            json!({ "status": 500, "text": "" }),
            json!({ "status": 400, "text": "{\"error\":\"unsupported_token_type\"}" }),
            json!({ "fault": "network" }),
            json!({ "fault": "silent" }),
            json!({ "fault": "offline" }),
            json!({ "fault": "endless" }),
        ] {
            let page = with_revocation("{}", "rotating", answer.clone()).await;
            let request = page.sign_out(r#"{"revoke":true}"#).await.unwrap();
            assert!(url_of(request).is_some(), "{answer}");
            assert_eq!(page.requests(), ["revoke"], "{answer}");
            assert!(page.session().await.is_none(), "{answer}");
        }
    }

    async fn lo_08_nothing_is_taken_back_unless_it_is_wanted_and_offered() {
        for (options, is_asked) in
            [("{}", false), (r#"{"revoke":false}"#, false), (r#"{"localOnly":true}"#, false), (r#"{"revoke":true}"#, true)]
        {
            let page = with_revocation("{}", "rotating", json!({})).await;
            page.sign_out(options).await.unwrap();
            assert_eq!(page.requests().len(), usize::from(is_asked), "{options}");
        }
        let page = signed_in("{}").await;
        assert!(url_of(page.sign_out(r#"{"revoke":true}"#).await.unwrap()).is_some(), "no revocation endpoint");
        assert_eq!(page.requests(), Vec::<String>::new());
        let page = with_revocation("{}", "rotating", json!({})).await;
        assert!(page.sign_out(r#"{"revoke":true,"localOnly":true}"#).await.unwrap().is_none());
        assert_eq!(page.requests(), ["revoke"], "only here, and taken back");
        assert!(url_of(page.sign_out(r#"{"revoke":true}"#).await.unwrap()).is_some(), "nobody was signed in");
        assert_eq!(page.requests(), Vec::<String>::new());
    }

    async fn lo_01_nobody_is_signed_in_whatever_fails_after_that() {
        for (options, script, code) in [
            ("{}", r#"{"discovery":{"fault":"network"}}"#, ErrorCode::NetworkError),
            (r#"{"revoke":true}"#, r#"{"discovery":{"status":503}}"#, ErrorCode::UnexpectedStatus),
            (r#"{"revoke":true,"localOnly":true}"#, r#"{"discovery":{"fault":"offline"}}"#, ErrorCode::Offline),
            (r#"{"postLogoutRedirectUri":"javascript:1"}"#, "{}", ErrorCode::InsecureUrl),
        ] {
            let page = signed_in(r#"{"dpop":true}"#).await;
            page.world.tab.clear();
            let page = page.beside();
            page.behave(script);
            let outcome = refused_with(page.sign_out(options).await);
            if code != ErrorCode::InsecureUrl {
                assert_eq!(outcome, code, "{options}");
            }
            assert!(page.session().await.is_none(), "{options}");
            assert_eq!(page.world.session.text("session"), "", "{options}");
            assert_eq!(page.world.ring.dropped.take().len(), 1, "{options}");
        }
    }

    async fn lo_01_nonces_are_forgotten_with_the_session() {
        let page = quick_page(r#"{"dpop":true}"#);
        page.behave(r#"{"proofs":{"nonces":"fixed"}}"#);
        page.sign_in().await.unwrap();
        assert_eq!(page.requests(), ["discovery", "token", "token", "jwks"]);
        page.sign_in().await.unwrap();
        assert_eq!(page.requests(), ["token"], "known from before");
        page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
        page.world.provider.borrow_mut().proofs.page_is_new();
        page.sign_in().await.unwrap();
        assert_eq!(page.requests(), ["token", "token"], "forgotten");
        page.assert_no_violations();
    }

    async fn lo_01_a_record_that_cannot_be_read_goes_too() {
        for text in ["nonsense", "{}", r#"{"version":3}"#] {
            let page = signed_in("{}").await;
            page.world.session.put("session", text);
            page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
            assert_eq!(page.world.session.text("session"), "", "{text}");
        }
    }

    async fn lo_01_st_05_a_sign_out_that_is_cut_off_can_be_done_again() {
        for steps in 0..3 {
            let page = signed_in(r#"{"dpop":true}"#).await;
            let record = page.world.session.text("session");
            page.world.session.changes_left.set(Some(steps));
            let outcome = page.sign_out(r#"{"localOnly":true}"#).await;
            page.world.session.changes_left.set(None);
            assert_eq!(outcome.is_ok(), steps == 2, "{steps}");
            // Once its end is noted nobody is signed in, whatever else was not done.
            assert_eq!(page.session().await.is_none(), steps > 0, "{steps}");
            page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
            assert!(page.session().await.is_none());
            assert_eq!(page.world.session.text("session"), "");
            page.world.session.put("session", &record);
            assert!(page.session().await.is_none(), "{steps}");
        }
    }

    async fn lo_02_the_way_back_from_a_window_of_its_own_says_so() {
        let page = signed_in(r#"{"postLogoutRedirectUri":"https://app.example/bye"}"#).await;
        let (EndSession::Url(url), state) = page.sign_out(r#"{"popup":true}"#).await.unwrap().unwrap() else {
            panic!("no URL");
        };
        assert!(state.starts_with("p.") && state.len() > 40, "{state}");
        assert!(url.contains(&format!("&state={state}")), "{url}");
        assert_eq!(page.client.finish_sign_out(&format!("https://app.example/bye?state={state}")), Ok(true));
        page.sign_in().await.unwrap();
        let (_, other) = page.sign_out("{}").await.unwrap().unwrap();
        assert!(!other.contains('.') && !state.contains(&other), "{other}");
    }

    async fn lo_01_a_sign_out_does_not_wait_for_a_renewal() {
        let page = signed_in("{}").await;
        let _held = page.world.acquire("another tab", 1).await.unwrap();
        page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
        assert!(page.session().await.is_none());
    }

    async fn rf_11_rf_12_a_sign_in_waits_until_the_renewal_of_the_session_before_is_done() {
        for has_locks in [true, false] {
            for moment in 0..40 {
                breathe().await;
                let page = signed_in("{}").await;
                page.world.store_is_slow.set(true);
                page.world.locks.are_missing.set(!has_locks);
                let alice = page.expected().await;
                let other = page.beside();
                let url = other.begin().await;
                other.world.provider.borrow_mut().behaviour.id_token.claims.insert("sub".into(), "bob".into());
                let sign_in = async {
                    looks_around(moment).await;
                    other.client.finish(&url, &other.hooks()).await
                };
                let (renewed, signed_in) = both(page.renew_as(&alice, json!({ "force": true })), sign_in).await;
                let bob = signed_in.unwrap();
                let what = format!("{has_locks} {moment} {:?}", renewed.as_ref().map_err(|error| error.code()));
                let now = page.session().await.unwrap();
                assert_eq!((now.subject(), now.access_token().expose()), ("bob", bob.access_token().expose()), "{what}");
                match renewed {
                    Ok(token) => assert_ne!(token.str("token"), Some(bob.access_token().expose()), "{what}"),
                    Err(error) => assert_eq!(error.code(), ErrorCode::SessionChanged, "{what}"),
                }
                assert!(!page.world.locks.are_held(), "{what}");
                assert_eq!(page.world.session.text("lease"), "", "{what}");
            }
        }
    }

    async fn cb_03_a_sign_in_that_has_failed_waits_for_nobody() {
        let page = signed_in("{}").await;
        let _held = page.world.acquire("another tab", 1).await.unwrap();
        let url = page.begin().await;
        page.behave(r#"{"idToken":{"tamper":"signature"}}"#);
        assert_eq!(refused_with(page.client.finish(&url, &page.hooks()).await), ErrorCode::SignatureInvalid);
    }
}
