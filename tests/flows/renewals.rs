//! Renewals in many tabs: who sends the refresh token, what happens after a failure, and what a sign-out ends.

use crate::hooks::Fate;
use crate::platform::{START, looks_around};
use crate::provider::CLIENT_ID;
use crate::run::{Page, both, breathe, give_up_after};
use crate::{quick_page, refused_with, signed_in};
use oidc_wasm::error::{Error, ErrorCode};
use oidc_wasm::json::Object;
use oidc_wasm::platform::Locks as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const REVOKES: &str =
    r#"{"refresh":{"tokens":"rotating"},"discovery":{"body":{"revocation_endpoint":"$issuer/revoke"}}}"#;

fn code(outcome: Result<Object, Error>) -> Result<String, ErrorCode> {
    outcome.map(|token| token.str_or_empty("token").to_owned()).map_err(|error| error.code())
}

fn number(page: &Page, name: &str) -> Option<i64> {
    page.record().get(name).map(|value| value.as_i64().unwrap())
}

/// The provider answers refreshes like this from now on.
fn answer(page: &Page, token: Value) {
    page.behave(&json!({ "refresh": { "tokens": "fixed" }, "token": token }).to_string());
}

tests! {
    async fn rf_01_tabs_that_renew_at_the_same_time_send_one_refresh_token() {
        for (is_slow, has_locks) in [(false, true), (true, true), (false, false), (true, false)] {
            let page = signed_in(r#"{"dpop":true}"#).await;
            page.world.store_is_slow.set(is_slow);
            page.world.locks.are_missing.set(!has_locks);
            page.world.now.set(START + 300);
            let others = [page.beside(), page.beside(), page.beside()];
            let renew = |page: &'_ Page| {
                let page = page.beside();
                async move { code(page.renew_as("", json!({})).await) }
            };
            let ((one, two), (three, four)) =
                both(both(renew(&page), renew(&others[0])), both(renew(&others[1]), renew(&others[2]))).await;
            for token in [one, two, three, four] {
                assert_eq!(token.as_deref(), Ok("access-renewed-1"), "{is_slow} {has_locks}");
            }
            assert_eq!(page.requests(), ["refresh"], "{is_slow} {has_locks}");
            assert!(!page.world.locks.are_held());
            assert_eq!(page.world.session.text("lease"), "");
            page.assert_no_violations();
        }
    }

    async fn rf_01_what_is_sent_is_the_refresh_token_that_is_stored_by_then() {
        let page = signed_in("{}").await;
        let before = page.world.session.copy();
        page.beside().renew().await.unwrap();
        let after = page.world.session.copy();
        page.world.session.restore(before);
        let ticket = page.world.acquire("another tab", 1).await.unwrap();
        let other_tab = async {
            looks_around(20).await;
            assert_eq!(page.requests(), ["refresh"], "that of the other tab");
            page.world.session.restore(after);
            page.world.release(&ticket);
        };
        let (renewed, ()) = both(page.renew(), other_tab).await;
        assert_eq!(code(renewed).as_deref(), Ok("access-renewed-2"));
        assert_eq!(page.world.provider.borrow().presented, ["refresh-0-1", "refresh-0-2"]);
    }

    async fn rf_01_whoever_waited_for_its_turn_looks_who_is_signed_in_by_then() {
        for (other_id, subject, expected) in [
            (None, "bob", Err(ErrorCode::SessionChanged)),
            (Some("other"), "alice", Ok("access-renewed-1".to_owned())),
        ] {
            let page = signed_in("{}").await;
            let name = page.expected().await;
            let ticket = page.world.acquire("another tab", 1).await.unwrap();
            let other_tab = async {
                looks_around(20).await;
                page.change_record(json!({ "subject": subject }));
                if let Some(id) = other_id {
                    page.change_record(json!({ "id": id }));
                }
                page.world.release(&ticket);
            };
            let (renewed, ()) = both(page.renew_as(&name, json!({ "force": true })), other_tab).await;
            assert_eq!(code(renewed), expected);
            assert_eq!(page.requests().len(), usize::from(expected.is_ok()));
        }
    }

    async fn rf_02_nobody_waits_for_ever_and_nobody_holds_for_ever() {
        for (options, patience) in [("{}", 22_000), (r#"{"timeoutSeconds":3}"#, 8_000)] {
            let page = signed_in(options).await;
            page.world.locks.asked.take();
            page.renew().await.unwrap();
            let asked = page.world.locks.asked.take();
            assert_eq!(asked.len(), 1);
            assert!(asked[0].0.ends_with(".session"), "{asked:?}");
            assert_eq!(asked[0].1, patience);
        }
    }

    async fn rf_02_a_tab_that_slept_in_its_turn_waits_for_another_before_it_sends() {
        let mut turns = BTreeSet::new();
        for jump in [11, -11] {
            for moment in 0..30 {
                breathe().await;
                let page = signed_in("{}").await;
                page.world.store_is_slow.set(true);
                page.world.locks.asked.take();
                let sleep = async {
                    looks_around(moment).await;
                    page.world.now.set(page.world.now.get() + jump);
                };
                let (renewed, ()) = both(page.renew(), sleep).await;
                assert_eq!(code(renewed).as_deref(), Ok("access-renewed-1"), "{jump} {moment}");
                assert_eq!(page.world.provider.borrow().presented, ["refresh-0-1"], "{jump} {moment}");
                assert_eq!(page.record()["refreshToken"], "refresh-0-2", "{jump} {moment}");
                assert!(!page.world.locks.are_held());
                turns.insert((jump, page.world.locks.asked.take().len()));
            }
        }
        assert_eq!(turns, BTreeSet::from([(-11, 1), (-11, 2), (11, 1), (11, 2)]), "asleep in its turn, or not");
    }

    async fn rf_02_a_turn_ends_whatever_comes_of_it() {
        for script in [
            r#"{"refresh":{"revoked":true}}"#,
            r#"{"token":{"status":503,"text":""}}"#,
            r#"{"token":{"fault":"silent"}}"#,
            r#"{"token":{"text":"{}"}}"#,
            r#"{"refresh":{"idToken":true},"idToken":{"tamper":"signature"}}"#,
        ] {
            for has_locks in [true, false] {
                let page = signed_in("{}").await;
                page.world.locks.are_missing.set(!has_locks);
                page.behave(script);
                assert!(page.renew().await.is_err(), "{script}");
                assert!(!page.world.locks.are_held(), "{script}");
                assert_eq!(page.world.session.text("lease"), "", "{script}");
            }
        }
    }

    async fn rf_04_a_new_refresh_token_is_stored_before_anything_else_is_done() {
        let page = signed_in("{}").await;
        page.behave(r#"{"refresh":{"tokens":"rotating","idToken":true}}"#);
        page.world.tab.clear();
        let page = page.beside();
        let look = async {
            page.until("jwks").await;
            (page.record()["refreshToken"].clone(), page.record()["accessToken"].clone())
        };
        let (renewed, stored) = both(page.renew(), look).await;
        assert!(renewed.is_ok());
        assert_eq!(stored, ("refresh-0-2".into(), "access-1".into()));
    }

    async fn rf_04_st_05_a_tab_that_dies_between_two_steps_leaves_one_session_or_none() {
        let mut ends = Vec::new();
        for id_token in [false, true] {
            for steps in 0..4 {
                let page = quick_page("{}");
                page.behave(REVOKES);
                page.sign_in().await.unwrap();
                page.world.provider.borrow_mut().behaviour.refresh.id_token = id_token;
                page.world.session.changes_left.set(Some(steps));
                let renewed = page.renew().await;
                page.world.session.changes_left.set(None);
                assert!(page.world.provider.borrow().revoked.is_empty(), "nobody has signed out");
                assert_eq!(page.session().await.unwrap().subject(), "alice");
                page.requests();
                // Whatever was lost: at most one attempt, and then it works or is over.
                let next = page.renew().await;
                assert_eq!(page.requests().len(), 1);
                let end = code(next).map_or_else(|code| code.as_str().to_owned(), |_| "renewed".to_owned());
                assert_eq!(page.session().await.is_some(), end == "renewed");
                ends.push((steps, renewed.is_ok(), end));
            }
        }
        let (lost, kept) = ("session_ended".to_owned(), "renewed".to_owned());
        let of_each = [(0, false, lost), (1, false, kept.clone()), (2, true, kept.clone()), (3, true, kept)];
        assert_eq!(ends, [of_each.clone(), of_each].concat());
    }

    async fn rf_05_rf_06_what_is_tried_again_when_is_known_to_all_tabs() {
        let in_two_minutes = "Fri, 15 Jan 2027 08:02:00 GMT";
        for (script, earliest, latest) in [
            (json!({ "status": 503, "text": "" }), 2, 4),
            (json!({ "status": 500, "text": "{}" }), 2, 4),
            (json!({ "status": 408, "text": "" }), 2, 4),
            (json!({ "status": 429, "text": "" }), 2, 4),
            (json!({ "status": 503, "text": "{\"error\":\"temporarily_unavailable\"}" }), 2, 4),
            (json!({ "fault": "network" }), 2, 4),
            (json!({ "fault": "silent" }), 2, 4),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": "120" } }), 120, 180),
            (json!({ "status": 429, "text": "", "headers": { "retry-after": "120" } }), 120, 180),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": in_two_minutes } }), 120, 180),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": "Thu, 14 Jan 2027 08:00:00 GMT" } }), 2, 4),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": "0" } }), 2, 4),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": "-5" } }), 2, 4),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": "soon" } }), 2, 4),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": "99999999999999999999" } }), 2, 4),
            (json!({ "status": 503, "text": "", "headers": { "retry-after": "100000" } }), 3600, 5400),
        ] {
            let page = signed_in("{}").await;
            answer(&page, script.clone());
            let failure = page.renew().await.map_err(|error| (error.code(), error.retryable())).unwrap_err();
            assert!(failure.1, "{script} {failure:?}");
            assert_eq!(page.requests(), ["refresh"]);
            let not_before = number(&page, "notBefore").unwrap() - START;
            assert!((earliest..=latest).contains(&not_before), "{script} {not_before}");
            assert_eq!(number(&page, "failures"), Some(1), "{script}");
            assert_eq!(number(&page, "retryAt"), number(&page, "notBefore"), "{script}");
            answer(&page, json!({}));
            // Another tab knows.
            let other = page.beside();
            page.world.now.set(START + not_before - 1);
            let error = other.renew().await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::RenewalPostponed, "{script}");
            assert_eq!(error.detail("retryAt"), (START + not_before).to_string());
            assert!(error.retryable());
            assert!(!other.requests().contains(&"refresh".to_owned()));
            // Whoever has a token that is good needs none.
            let at_hand = other.renew_as("", json!({})).await;
            assert_eq!(at_hand.is_ok(), not_before < 300, "{script}");
            page.world.now.set(START + not_before);
            assert!(page.renew().await.is_ok(), "{script}");
            for name in ["failures", "retryAt", "notBefore"] {
                assert_eq!(number(&page, name), None, "{script}");
            }
        }
    }

    async fn rf_06_pauses_grow_and_whoever_waits_may_try_before_those_who_do_not() {
        let page = signed_in("{}").await;
        answer(&page, json!({ "status": 503, "text": "" }));
        let mut pauses = Vec::new();
        for failures in 1..=8 {
            page.renew().await.unwrap_err();
            assert_eq!(number(&page, "failures"), Some(failures));
            let now = page.world.now.get();
            let of = |name| number(&page, name).unwrap() - now;
            pauses.push((of("notBefore"), of("retryAt")));
            page.world.now.set(now + of("notBefore"));
        }
        for (number, (not_before, retry)) in pauses.iter().enumerate() {
            let longest = (4 << number).min(300);
            assert!((longest / 2..=longest).contains(retry), "{pauses:?}");
            assert_eq!(*not_before, *retry.min(&30), "{pauses:?}");
        }
    }

    async fn rf_06_tm_02_a_clock_that_was_set_back_postpones_nothing() {
        let page = signed_in("{}").await;
        answer(&page, json!({ "status": 503, "text": "", "headers": { "retry-after": "3600" } }));
        page.renew().await.unwrap_err();
        answer(&page, json!({}));
        let not_before = number(&page, "notBefore").unwrap();
        for (now, is_postponed) in
            [(not_before - 5400, true), (not_before - 5401, false), (not_before - 1, true), (not_before, false)]
        {
            page.world.now.set(now);
            let before = page.world.session.copy();
            let outcome = code(page.renew().await);
            assert_eq!(outcome == Err(ErrorCode::RenewalPostponed), is_postponed, "{now} {outcome:?}");
            assert_eq!(outcome.is_ok(), !is_postponed, "{now} {outcome:?}");
            page.world.session.restore(before);
        }
    }

    async fn rf_06_what_will_fail_again_is_not_tried_again_by_itself_all_the_time() {
        for (script, expected) in [
            (r#"{"token":{"status":400,"text":"{\"error\":\"invalid_client\"}"}}"#, ErrorCode::TokenError),
            (r#"{"token":{"contentType":"text/html","text":"<p>"}}"#, ErrorCode::UnexpectedContentType),
            (r#"{"token":{"fault":"redirect"}}"#, ErrorCode::RedirectRefused),
            (r#"{"refresh":{"tokens":"rotating","idToken":true},"idToken":{"tamper":"signature"}}"#,
                ErrorCode::SignatureInvalid),
            (r#"{"refresh":{"tokens":"rotating","idToken":true},"idToken":{"claims":{"sub":"bob"}}}"#,
                ErrorCode::ClaimInvalid),
        ] {
            let page = signed_in("{}").await;
            page.world.now.set(START + 299);
            page.behave(script);
            for failures in 1..=3 {
                assert_eq!(code(page.renew().await), Err(expected), "{script}");
                let next = page.client.next_renewal().await.unwrap().unwrap().seconds();
                assert!(next > page.world.now.get() + failures, "{script}: {next} {:?}", page.record());
            }
        }
    }

    async fn rf_06_what_no_server_has_refused_postpones_nothing() {
        let page = signed_in(r#"{"dpop":true}"#).await;
        let record = page.world.session.text("session");
        let other_person = page.expected().await.replace("alice", "bob");
        for (expected, options, code) in [
            ("", json!({ "scope": "admin", "force": true }), ErrorCode::InvalidArgument),
            ("", json!({ "unknown": true }), ErrorCode::InvalidArgument),
            (other_person.as_str(), json!({ "force": true }), ErrorCode::SessionChanged),
        ] {
            assert_eq!(refused_with(page.renew_as(expected, options.clone()).await), code, "{options}");
            assert_eq!(page.world.session.text("session"), record, "{options}");
        }
        answer(&page, json!({ "fault": "offline" }));
        assert_eq!(refused_with(page.renew().await), ErrorCode::Offline);
        page.world.ring.fate.set(Fate::Broken);
        assert_eq!(refused_with(page.renew().await), ErrorCode::HookFailed);
        assert_eq!(page.world.session.text("session"), record);
        // A session without a refresh token
        let page = quick_page("{}");
        page.sign_in().await.unwrap();
        let record = page.world.session.text("session");
        page.world.now.set(START + 300);
        assert_eq!(refused_with(page.renew().await), ErrorCode::AccessTokenExpired);
        assert_eq!(page.world.session.text("session"), record);
    }

    async fn rf_06_without_metadata_nothing_is_tried_again_all_the_time() {
        let page = signed_in("{}").await;
        page.world.tab.clear();
        page.world.now.set(START + 299);
        page.behave(r#"{"discovery":{"status":503,"text":"","headers":{"retry-after":"60"}}}"#);
        let page = page.beside();
        assert_eq!(code(page.renew().await), Err(ErrorCode::UnexpectedStatus));
        assert_eq!(page.requests(), ["discovery"]);
        assert!(number(&page, "retryAt").unwrap() >= START + 299 + 2);
        assert!(!page.world.locks.are_held());
    }

    async fn rf_09_renewals_of_many_tabs_are_spread_ahead_of_expiry() {
        let page = signed_in("{}").await;
        let mut times = BTreeSet::new();
        for _ in 0..60 {
            times.insert(page.client.next_renewal().await.unwrap().unwrap().seconds() - START);
        }
        assert!(times.len() > 5, "{times:?}");
        assert!(*times.first().unwrap() >= 240 && *times.last().unwrap() <= 270, "{times:?}");
        // Of the new token from then on.
        page.world.now.set(START + 100);
        page.renew().await.unwrap();
        let next = page.client.next_renewal().await.unwrap().unwrap().seconds() - START;
        assert!((340..=370).contains(&next), "{next}");
        assert_eq!(page.requests(), ["refresh"]);
    }

    async fn rf_09_after_a_failure_it_is_tried_again_when_it_may_be() {
        let page = signed_in("{}").await;
        page.world.now.set(START + 250);
        answer(&page, json!({ "status": 503, "text": "", "headers": { "retry-after": "100" } }));
        page.renew().await.unwrap_err();
        let next = page.client.next_renewal().await.unwrap().unwrap().seconds();
        assert_eq!(Some(next), number(&page, "retryAt"));
        assert!((350..=400).contains(&(next - START)), "{next}");
        // A failure long before brings nothing forward.
        let page = signed_in("{}").await;
        answer(&page, json!({ "status": 503, "text": "" }));
        page.renew().await.unwrap_err();
        let next = page.client.next_renewal().await.unwrap().unwrap().seconds();
        assert!((240..=270).contains(&(next - START)), "{next}");
    }

    async fn rf_09_what_cannot_be_renewed_or_never_expires_is_not_planned() {
        let page = quick_page("{}");
        assert_eq!(page.client.next_renewal().await, Ok(None), "nobody is signed in");
        page.sign_in().await.unwrap();
        assert_eq!(page.client.next_renewal().await, Ok(None), "no refresh token");
        let page = quick_page("{}");
        page.behave(r#"{"refresh":{"tokens":"fixed"},"token":{"body":{"expires_in":"$absent"}}}"#);
        page.sign_in().await.unwrap();
        assert_eq!(page.client.next_renewal().await, Ok(None), "no expiry");
    }

    async fn rf_11_lo_08_a_refresh_token_that_comes_after_the_sign_out_is_taken_back() {
        for (revocation, dpop) in [
            (json!({}), false),
            (json!({}), true),
            (json!({ "status": 500, "text": "" }), false),
            (json!({ "fault": "network" }), false),
            (json!({ "fault": "silent" }), false),
        ] {
            let page = quick_page(&json!({ "dpop": dpop }).to_string());
            page.behave(REVOKES);
            page.sign_in().await.unwrap();
            page.requests();
            page.world.provider.borrow_mut().behaviour.revocation = serde_json::from_value(revocation.clone()).unwrap();
            let sign_out = async {
                page.until("refresh").await;
                page.sign_out(r#"{"localOnly":true}"#).await.unwrap();
            };
            let (renewed, ()) = both(page.renew(), sign_out).await;
            assert_eq!(code(renewed), Err(ErrorCode::NotSignedIn), "{revocation}");
            assert_eq!(page.requests(), ["refresh", "revoke"], "{revocation}");
            assert_eq!(
                page.world.provider.borrow().revoked,
                [("refresh-0-2".to_owned(), "refresh_token".to_owned())],
                "{revocation}"
            );
            assert!(page.session().await.is_none());
            page.assert_no_violations();
        }
    }

    async fn rf_11_no_sign_out_is_undone_by_a_renewal_wherever_it_comes_between() {
        for id_token in [false, true] {
            for (has_locks, saving, moments) in [(true, 0, 45), (true, 7, 60), (false, 0, 80)] {
                for moment in 0..moments {
                    breathe().await;
                    let page = quick_page("{}");
                    page.behave(REVOKES);
                    page.sign_in().await.unwrap();
                    page.world.provider.borrow_mut().behaviour.refresh.id_token = id_token;
                    page.world.store_is_slow.set(true);
                    page.world.locks.are_missing.set(!has_locks);
                    page.world.session.saving.set(saving);
                    let sign_out = async {
                        looks_around(moment).await;
                        page.sign_out(r#"{"localOnly":true,"revoke":true}"#).await.unwrap();
                    };
                    let (renewed, ()) = both(page.renew(), sign_out).await;
                    let what = format!("{id_token} {has_locks} {saving} {moment} {renewed:?}");
                    assert!(page.session().await.is_none(), "{what}");
                    assert_eq!(page.world.session.text("session"), "", "{what}");
                    assert!(renewed.as_ref().is_ok() || code(renewed) == Err(ErrorCode::NotSignedIn), "{what}");
                    assert!(!page.world.locks.are_held());
                    assert_eq!(page.world.session.text("lease"), "", "{what}");
                    // Nothing that was ever issued is good any more.
                    assert!(page.world.provider.borrow().everything_was_taken_back(), "{what}");
                }
            }
        }
    }

    async fn rf_12_whoever_renews_for_somebody_else_gets_nothing_and_sends_nothing() {
        let page = signed_in("{}").await;
        let alice = page.expected().await;
        page.behave(r#"{"refresh":{"tokens":"rotating"},"idToken":{"claims":{"sub":"bob"}}}"#);
        page.sign_in().await.unwrap();
        page.requests();
        let hooks = page.hooks();
        let ready = page.client.ready_session(&alice, &hooks).await.map_err(|error| error.code());
        assert!(matches!(ready, Err(ErrorCode::SessionChanged)));
        assert_eq!(refused_with(page.renew_as(&alice, json!({})).await), ErrorCode::SessionChanged);
        assert_eq!(page.requests(), Vec::<String>::new());
        // The same person who signed in again is not another one.
        page.behave(r#"{"refresh":{"tokens":"rotating"}}"#);
        page.sign_in().await.unwrap();
        page.requests();
        assert!(page.renew_as(&alice, json!({ "force": true })).await.is_ok());
        assert_eq!(page.requests(), ["refresh"]);
    }

    async fn rx_03_a_renewal_that_nobody_waits_for_any_more_keeps_nobody_waiting() {
        for has_locks in [true, false] {
            for moment in 0..100 {
                breathe().await;
                let page = quick_page("{}");
                page.behave(r#"{"refresh":{"tokens":"fixed"}}"#);
                page.sign_in().await.unwrap();
                page.world.store_is_slow.set(true);
                page.world.locks.are_missing.set(!has_locks);
                let is_done = give_up_after(moment, page.renew()).await;
                assert!(!page.world.locks.are_held(), "{has_locks} {moment}");
                assert_eq!(page.session().await.unwrap().subject(), "alice");
                // A lease ends by itself.
                page.world.now.set(START + 23);
                assert!(page.beside().renew().await.is_ok(), "{has_locks} {moment}");
                assert_eq!(page.world.session.text("lease"), "", "{has_locks} {moment}");
                if is_done {
                    break;
                }
                assert!(moment < 99, "as long as that?");
            }
        }
    }

    async fn lg_01_of_requests_only_phase_status_and_code_are_told() {
        let page = quick_page("{}");
        page.behave(r#"{"refresh":{"tokens":"rotating"}}"#);
        page.sign_in().await.unwrap();
        page.renew().await.unwrap();
        answer(&page, json!({ "status": 503, "text": "{\"error\":\"secret-1\"}" }));
        page.renew().await.unwrap_err();
        let logged = page.world.logged.take();
        assert_eq!(logged.len(), 3, "{logged:?}");
        assert!(logged.iter().all(|text| text.contains("token")), "{logged:?}");
        assert!(logged[0].contains("200") && logged[1].contains("200") && logged[2].contains("503"), "{logged:?}");
        assert!(logged[2].contains("token_error"), "{logged:?}");
        for secret in ["access-", "refresh-", "code-", "secret-1", CLIENT_ID, "https"] {
            assert!(!logged.iter().any(|text| text.contains(secret)), "{secret} {logged:?}");
        }
    }
}
