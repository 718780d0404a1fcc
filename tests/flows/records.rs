//! The record of a session, which storage, other tabs and other releases may change at any time.

use crate::platform::START;
use crate::run::{Page, breathe};
use crate::{quick_page, refused_with, signed_in};
use oidc_wasm::client::Session;
use oidc_wasm::error::ErrorCode;
use oidc_wasm::json::Json;
use serde_json::{Map, Value, json};

fn id_of(session: &Session) -> String {
    session.public().str_or_empty("id").to_owned()
}

/// The record as the first release wrote it.
fn make_old(page: &Page) {
    page.change_record(json!({
        "version": "$absent", "id": "$absent", "receivedAt": "$absent", "sessionState": "$absent",
    }));
}

fn numbers(page: &Page) -> (usize, usize) {
    (page.world.session.text("ended").split(' ').filter(|id| !id.is_empty()).count(), page.world.session.names().len())
}

tests! {
    async fn st_06_every_sign_in_has_a_name_of_its_own_and_one_version() {
        let page = signed_in("{}").await;
        let first = page.session().await.unwrap();
        assert!(id_of(&first).len() >= 22);
        assert_eq!(page.record()["version"], 2);
        assert_eq!(page.record()["receivedAt"], START);
        page.renew().await.unwrap();
        assert_eq!(id_of(&page.session().await.unwrap()), id_of(&first));
        page.sign_in().await.unwrap();
        assert_ne!(id_of(&page.session().await.unwrap()), id_of(&first));
    }

    async fn st_10_what_is_shown_of_a_session_is_neither_token_nor_note_of_the_core() {
        let page = quick_page("{}");
        page.behave(r#"{"refresh":{"tokens":"rotating"}}"#);
        let url = [page.begin().await, "&session_state=of-the-provider".to_owned()].concat();
        page.client.finish(&url, &page.hooks()).await.unwrap();
        page.renew_as("", json!({ "scope": "profile" })).await.unwrap();
        page.behave(r#"{"token":{"status":503,"text":""}}"#);
        page.renew().await.unwrap_err();
        let all: Vec<String> = page.record().keys().cloned().collect();
        let private = [
            "idToken", "accessToken", "refreshToken", "tokens", "version", "receivedAt", "sessionState", "failures",
            "retryAt", "notBefore",
        ];
        for name in private {
            assert!(all.contains(&name.to_owned()), "{name} is not there to be hidden: {all:?}");
        }
        let session = page.session().await.unwrap();
        let shown: Map<String, Value> = serde_json::from_str(&Json::from(session.public()).to_text()).unwrap();
        let mut names: Vec<&str> = shown.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["claims", "expiresAt", "id", "issuer", "scope", "subject", "tokenType"]);
        assert_eq!(format!("{session:?}"), "Session(..)");
    }

    async fn st_06_a_record_of_the_first_release_is_the_same_session_for_every_tab() {
        let page = signed_in(r#"{"storage":"session"}"#).await;
        make_old(&page);
        let first = page.session().await.unwrap();
        assert_eq!(first.subject(), "alice");
        assert_eq!(id_of(&first), id_of(&page.beside().session().await.unwrap()));
        assert!(page.client.restore(&page.hooks()).await.unwrap().is_some());
        assert!(page.record().get("id").is_none(), "only read so far");
        assert_eq!(page.client.next_renewal().await.unwrap().unwrap().seconds(), START + 300);
        page.renew().await.unwrap();
        assert_eq!((page.record()["version"].clone(), page.record()["id"].clone()), (2.into(), id_of(&first).into()));
        assert_eq!(id_of(&page.session().await.unwrap()), id_of(&first));
        // Of another sign-in it is another.
        let page = signed_in(r#"{"storage":"session"}"#).await;
        make_old(&page);
        assert_ne!(id_of(&page.session().await.unwrap()), id_of(&first));
    }

    async fn st_06_rf_11_a_record_of_the_first_release_stays_ended_too() {
        let page = signed_in("{}").await;
        make_old(&page);
        let old = page.world.session.text("session");
        page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
        page.world.session.put("session", &old);
        assert!(page.session().await.is_none());
    }

    async fn st_06_what_a_later_release_wrote_is_no_session_and_stays_for_that_release() {
        for changes in [
            json!({ "version": 3 }),
            json!({ "version": 1 }),
            json!({ "version": 0 }),
            json!({ "version": "2" }),
            json!({ "version": 2, "id": "$absent" }),
            json!({ "version": 2, "id": 7 }),
        ] {
            let page = signed_in(r#"{"storage":"local"}"#).await;
            let name = page.expected().await;
            page.change_record(changes.clone());
            let text = page.world.session.text("session");
            assert!(page.session().await.is_none(), "{changes}");
            assert!(page.client.restore(&page.hooks()).await.unwrap().is_none(), "{changes}");
            assert_eq!(page.client.next_renewal().await, Ok(None), "{changes}");
            assert_eq!(refused_with(page.renew().await), ErrorCode::NotSignedIn, "{changes}");
            assert_eq!(refused_with(page.renew_as(&name, json!({})).await), ErrorCode::SessionLost, "{changes}");
            assert_eq!(page.requests(), Vec::<String>::new(), "{changes}");
            assert_eq!(page.world.session.text("session"), text, "{changes}");
            // It is replaced by a sign-in, and removed by a sign-out.
            page.beside().sign_in().await.unwrap();
            assert_eq!(page.record()["version"], 2, "{changes}");
            page.change_record(changes.clone());
            page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
            assert_eq!(page.world.session.text("session"), "", "{changes}");
        }
    }

    async fn st_06_what_a_later_release_adds_without_a_new_version_is_kept() {
        let page = signed_in("{}").await;
        page.change_record(json!({ "ofALaterRelease": [1] }));
        page.renew().await.unwrap();
        assert_eq!(page.record()["ofALaterRelease"], json!([1]));
    }

    async fn st_06_whatever_is_stored_is_a_session_or_none() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        page.renew_as("", json!({ "scope": "profile" })).await.unwrap();
        let text = page.world.session.text("session");
        assert!(text.is_ascii());
        let mut good = 0;
        let hooks = page.hooks();
        for place in 0..text.len() {
            breathe().await;
            for change in ["", "\"", "x", "{", "\u{1f600}", "-", "]"] {
                let mut changed = text.clone();
                changed.replace_range(place..=place, change);
                page.world.session.put("session", &changed);
                let session = page.session().await;
                good += usize::from(session.is_some());
                // Nothing that cannot be read is thrown away.
                let restored = page.client.restore(&hooks).await.unwrap();
                assert_eq!(restored.is_some(), session.is_some(), "{changed}");
                assert_eq!(page.world.session.text("session"), changed);
            }
            page.world.session.put("session", &text[..place]);
            assert!(page.session().await.is_none(), "the first {place}");
        }
        assert!(good > 0, "letters within values may change");
        for text in ["null", "[]", "{}", "1", "\"\"", &"[".repeat(100_000), &"9".repeat(2_000_000)] {
            page.world.session.put("session", text);
            assert!(page.session().await.is_none());
        }
    }

    async fn st_06_each_member_of_the_record_has_its_type() {
        for (name, wrong) in [
            ("issuer", json!(1)), ("subject", json!([])), ("claims", json!("x")), ("claims", json!("$absent")),
            ("scope", json!(1)), ("expiresAt", json!("1")), ("idToken", json!({})),
            ("accessToken", json!(1)), ("accessToken", json!("$absent")), ("idToken", json!("$absent")),
            ("subject", json!("$absent")), ("issuer", json!("$absent")), ("issuer", json!("https://evil.example")),
            ("issuer", json!("https://op.example/")), ("refreshToken", json!(1)), ("tokens", json!({})),
            ("receivedAt", json!("x")), ("sessionState", json!(1)), ("failures", json!("x")), ("retryAt", json!([])),
            ("notBefore", json!("soon")), ("tokenType", json!(1)), ("jkt", json!("x")),
        ] {
            let page = signed_in("{}").await;
            page.change_record(Value::Object(Map::from_iter([(name.to_owned(), wrong.clone())])));
            assert!(page.session().await.is_none(), "{name} {wrong}");
        }
        // Numbers that make no sense delay nothing and break nothing.
        let largest = (1 << 53) - 1;
        for number in [-largest, -1, 0, largest] {
            let page = signed_in("{}").await;
            page.change_record(json!({ "failures": number, "retryAt": number, "notBefore": number, "receivedAt": number }));
            assert!(page.session().await.is_some(), "{number}");
            // One that came when it had expired is not renewed by itself.
            let is_planned = page.client.next_renewal().await.unwrap().is_some();
            assert_eq!(is_planned, number < START, "{number}");
            assert!(page.renew().await.is_ok(), "{number}");
            page.behave(r#"{"token":{"status":503,"text":""}}"#);
            page.change_record(json!({ "failures": number }));
            page.renew().await.unwrap_err();
            assert!((1..=i64::MAX).contains(&page.record()["failures"].as_i64().unwrap()), "{number}");
        }
    }

    async fn st_07_clients_that_share_a_store_share_no_session() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        for options in [
            json!({ "clientId": "other" }),
            json!({ "authority": "https://other.example" }),
            json!({ "authority": "https://op.example/" }),
        ] {
            let other = page.beside_with(&options.to_string());
            assert!(other.session().await.is_none(), "{options}");
            assert_eq!(refused_with(other.renew().await), ErrorCode::NotSignedIn, "{options}");
            other.sign_out(r#"{"localOnly":true}"#).await.unwrap();
            assert!(page.session().await.is_some(), "{options}");
            // Not even a copy of the record is taken for its own.
            let copy = page.world.session.text("session");
            let names = page.world.session.names();
            page.beside_with(&options.to_string()).world.session.put("session", &copy);
            assert_eq!(page.world.session.names(), names);
        }
        for name in page.world.session.names() {
            assert!(name.starts_with("oidc-wasm.1."), "{name}");
            assert!(!name.contains("spa") && !name.contains("op.example"), "{name}");
        }
        // What the redirect does not change: other settings of the same client.
        assert!(page.beside_with(r#"{"scope":"openid email"}"#).session().await.is_some());
    }

    async fn st_08_a_session_that_somebody_cleared_is_lost_and_one_that_was_ended_is_not() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        let name = page.expected().await;
        assert!(page.client.ready_session(&name, &page.hooks()).await.is_ok());
        page.world.session.clear();
        for (expected, code) in [(name.as_str(), ErrorCode::SessionLost), ("", ErrorCode::NotSignedIn)] {
            assert_eq!(refused_with(page.client.ready_session(expected, &page.hooks()).await), code);
            assert_eq!(refused_with(page.renew_as(expected, json!({})).await), code);
        }
        assert_eq!(page.requests(), Vec::<String>::new());
        page.sign_in().await.unwrap();
        let name = page.expected().await;
        page.beside().sign_out(r#"{"localOnly":true}"#).await.unwrap();
        assert_eq!(refused_with(page.client.ready_session(&name, &page.hooks()).await), ErrorCode::NotSignedIn);
        assert_eq!(refused_with(page.renew_as(&name, json!({})).await), ErrorCode::NotSignedIn);
        // A name without a person is enough to tell.
        let id = name.split('\n').next().unwrap();
        assert_eq!(refused_with(page.client.ready_session(id, &page.hooks()).await), ErrorCode::NotSignedIn);
        assert_eq!(refused_with(page.client.ready_session("another", &page.hooks()).await), ErrorCode::SessionLost);
    }

    async fn rf_11_a_record_that_a_slow_tab_writes_back_is_no_session() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        let (name, record) = (page.expected().await, page.world.session.text("session"));
        page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
        page.world.session.put("session", &record);
        for page in [&page, &page.beside()] {
            assert!(page.session().await.is_none());
            assert!(page.client.restore(&page.hooks()).await.unwrap().is_none());
            assert_eq!(refused_with(page.renew().await), ErrorCode::NotSignedIn);
            assert_eq!(refused_with(page.renew_as(&name, json!({})).await), ErrorCode::NotSignedIn);
            assert_eq!(refused_with(page.client.session_check().await), ErrorCode::NotSignedIn);
            assert_eq!(page.client.next_renewal().await, Ok(None));
        }
        assert_eq!(page.requests(), Vec::<String>::new());
        // The next sign-in is another session, and the old one does not come back after it either.
        page.sign_in().await.unwrap();
        assert!(page.session().await.is_some());
        page.world.session.put("session", &record);
        assert!(page.session().await.is_none());
    }

    async fn rf_11_the_last_ten_sessions_that_ended_are_remembered() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        let (name, record) = (page.expected().await, page.world.session.text("session"));
        for ended in 1..=12 {
            page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
            assert_eq!(numbers(&page).0, ended.min(10));
            let code = if ended <= 10 { ErrorCode::NotSignedIn } else { ErrorCode::SessionLost };
            assert_eq!(refused_with(page.client.ready_session(&name, &page.hooks()).await), code, "{ended}");
            page.world.session.put("session", &record);
            assert_eq!(page.session().await.is_none(), ended <= 10, "{ended}");
            page.world.session.take("session");
            page.sign_in().await.unwrap();
        }
    }

    async fn rf_11_one_that_ends_twice_is_remembered_once() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        let session = page.session().await.unwrap();
        for _ in 0..3 {
            page.client.end(&session, &page.hooks()).await.unwrap();
        }
        assert_eq!(numbers(&page), (1, 1));
        assert_eq!(page.world.session.text("ended"), id_of(&session));
    }

    async fn rf_11_what_another_tab_signed_in_meanwhile_is_not_ended_with_the_session_before() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        let before = page.session().await.unwrap();
        page.beside().sign_in().await.unwrap();
        let after = page.world.session.text("session");
        page.client.end(&before, &page.hooks()).await.unwrap();
        assert_eq!(page.world.session.text("session"), after);
        assert!(page.session().await.is_some());
    }

    async fn dp_24_the_key_of_a_session_goes_with_it() {
        let dropped = |page: &Page| page.world.ring.dropped.take();
        // Signing out
        let page = signed_in(r#"{"dpop":true}"#).await;
        let key = page.record()["jkt"].as_str().unwrap().to_owned();
        page.sign_out("{}").await.unwrap();
        assert_eq!(dropped(&page), [key]);
        // Another sign-in; the key of the new one stays.
        page.sign_in().await.unwrap();
        let key = page.record()["jkt"].as_str().unwrap().to_owned();
        page.sign_in().await.unwrap();
        assert_eq!(dropped(&page), [key.as_str()]);
        assert_ne!(page.record()["jkt"], key);
        assert!(page.renew().await.is_ok());
        // The end by the provider
        let key = page.record()["jkt"].as_str().unwrap().to_owned();
        page.behave(r#"{"refresh":{"tokens":"rotating","revoked":true}}"#);
        assert_eq!(refused_with(page.renew().await), ErrorCode::SessionEnded);
        assert_eq!(dropped(&page), [key]);
        // Nothing can prolong it
        page.behave("{}");
        page.sign_in().await.unwrap();
        let key = page.record()["jkt"].as_str().unwrap().to_owned();
        page.world.now.set(START + 300);
        assert!(page.client.restore(&page.hooks()).await.unwrap().is_none());
        assert_eq!(dropped(&page), [key]);
        assert_eq!(page.world.session.text("session"), "");
        // The logout by the provider's page
        page.behave(r#"{"idToken":{"claims":{"sid":"s"}}}"#);
        page.sign_in().await.unwrap();
        let key = page.record()["jkt"].as_str().unwrap().to_owned();
        let url = "https://app.example/x?iss=https%3A%2F%2Fop.example&sid=s";
        assert_eq!(page.client.front_channel_logout(url, &page.hooks()).await, Ok(true));
        assert_eq!(dropped(&page), [key]);
        // Failures that end nothing
        page.behave(r#"{"refresh":{"tokens":"rotating"}}"#);
        page.sign_in().await.unwrap();
        page.behave(r#"{"token":{"status":503,"text":""}}"#);
        page.renew().await.unwrap_err();
        assert_eq!(dropped(&page), Vec::<String>::new());
        page.assert_no_violations();
    }

    async fn dp_24_a_session_without_a_key_drops_none() {
        let page = signed_in("{}").await;
        page.sign_in().await.unwrap();
        page.sign_out("{}").await.unwrap();
        assert_eq!(page.world.ring.dropped.take(), Vec::<String>::new());
    }

    async fn st_05_a_tab_that_dies_during_a_sign_in_leaves_one_of_the_two_sessions() {
        let mut ends = Vec::new();
        for steps in 0..3 {
            let page = signed_in(r#"{"dpop":true}"#).await;
            let before = page.record();
            page.behave(r#"{"refresh":{"tokens":"rotating"},"idToken":{"claims":{"sub":"bob"}}}"#);
            let url = page.begin().await;
            page.world.session.changes_left.set(Some(steps));
            let outcome = page.client.finish(&url, &page.hooks()).await;
            page.world.session.changes_left.set(None);
            let subject = page.session().await.unwrap().subject().to_owned();
            // All of one of them.
            let record = page.record();
            assert_eq!(record == before, subject == "alice");
            assert_eq!(record["claims"]["sub"], subject);
            assert!(page.renew().await.is_ok());
            page.assert_no_violations();
            ends.push((steps, outcome.is_ok(), subject));
        }
        let (alice, bob) = ("alice".to_owned(), "bob".to_owned());
        assert_eq!(ends, [(0, false, alice), (1, false, bob.clone()), (2, true, bob)]);
    }

    async fn rf_11_a_sign_in_ends_the_session_before_it() {
        let page = signed_in(r#"{"storage":"local"}"#).await;
        let (before, id) = (page.world.session.text("session"), id_of(&page.session().await.unwrap()));
        page.beside().sign_in().await.unwrap();
        assert_eq!(page.world.session.text("ended"), id);
        page.world.session.put("session", &before);
        assert!(page.session().await.is_none(), "a tab that slept does not bring it back");
    }
}
