//! The core's flows, from scripts (`fixtures/flows/*.json`) and on a scripted world: natively with RustCrypto, and in
//! a browser (`wasm-pack test`) with its own cryptography, random source and storage.
#![allow(clippy::unwrap_used, clippy::panic, clippy::unreachable, reason = "tests may panic")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod keys;
mod platform;
mod provider;
mod run;
mod rustcrypto;
mod script;

use oidc_wasm::client::SignOutOptions;
use oidc_wasm::protocol::logout::EndSession;
use run::{Page, both, poll_once, run_all};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

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

tests! {
    async fn sign_in() {
        run_all(include_str!("../../fixtures/flows/sign_in.json")).await;
    }

    async fn callback() {
        run_all(include_str!("../../fixtures/flows/callback.json")).await;
    }

    async fn discovery() {
        run_all(include_str!("../../fixtures/flows/discovery.json")).await;
    }

    async fn jwks() {
        run_all(include_str!("../../fixtures/flows/jwks.json")).await;
    }

    async fn token() {
        run_all(include_str!("../../fixtures/flows/token.json")).await;
    }

    async fn id_token() {
        run_all(include_str!("../../fixtures/flows/id_token.json")).await;
    }

    async fn par() {
        run_all(include_str!("../../fixtures/flows/par.json")).await;
    }

    async fn session() {
        run_all(include_str!("../../fixtures/flows/session.json")).await;
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
            page.client.clear_session().unwrap();
            for place in 0..length {
                page.behave(&format!(r#"{{"idToken":{{"key":"{key}","tamperAt":{place}}}}}"#));
                assert!(page.sign_in().await.is_err(), "{algorithm}: character {place} of {length}");
                assert!(page.client.session().is_none(), "{algorithm}: character {place} of {length}");
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
        poll_once(page.client.finish(&url)).await;
        assert_eq!(page.requests(), ["token"]);
        // The code may have been used, so it is not sent again.
        let after = page.client.finish(&url).await.unwrap();
        assert_eq!(after.access_token().expose(), before.access_token().expose());
        assert!(page.requests().is_empty());
    }

    async fn lo_03_the_way_back_from_a_sign_out_is_recognised_once() {
        let page = Page::open(r#"{"postLogoutRedirectUri":"https://app.example/bye"}"#);
        page.sign_in().await.unwrap();
        let Some(EndSession::Url(url)) = page.client.sign_out(SignOutOptions::default()).await.unwrap() else {
            panic!("no URL to sign out at");
        };
        assert!(page.client.session().is_none());
        let query = provider::parameters(url.split_once('?').unwrap().1);
        let state = &query.iter().find(|(name, _)| name == "state").unwrap().1;
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
        assert!(page.client.finish(&callback).await.is_ok());
    }
}
