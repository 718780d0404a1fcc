//! Where the browser has no locks, a text in the store says whose turn it is.

use crate::platform::{START, looks_around};
use crate::run::{Page, both};
use crate::{refused_with, signed_in};
use oidc_wasm::error::ErrorCode;

/// Nobody holds a lease for longer than this, in seconds.
const PATIENCE: i64 = 22;

async fn without_locks() -> Page {
    let page = signed_in("{}").await;
    page.world.locks.are_missing.set(true);
    page.world.session.done.take();
    page
}

fn lease(page: &Page) -> String {
    page.world.session.text("lease")
}

tests! {
    async fn rf_03_a_lease_is_taken_and_given_back() {
        let page = without_locks().await;
        let look = async {
            page.until("refresh").await;
            lease(&page)
        };
        let (renewed, held) = both(page.renew(), look).await;
        assert!(renewed.is_ok());
        let (until, owner) = held.split_once(' ').unwrap();
        assert_eq!(until, (START + PATIENCE).to_string(), "no lease is for ever");
        assert!(owner.len() >= 22, "{owner}");
        assert_eq!(lease(&page), "");
        let done = page.world.session.done.take();
        assert_eq!(done, ["save lease", "save session", "save session", "remove lease"]);
    }

    async fn rf_03_with_locks_there_is_no_lease() {
        let page = signed_in("{}").await;
        page.world.session.put("lease", &format!("{} somebody", START + 10));
        assert!(page.renew().await.is_ok());
        assert_eq!(lease(&page), format!("{} somebody", START + 10));
    }

    async fn rf_03_each_turn_has_an_owner_of_its_own() {
        let page = without_locks().await;
        let mut owners = Vec::new();
        for _ in 0..3 {
            let look = async {
                page.until("refresh").await;
                lease(&page)
            };
            owners.push(both(page.renew(), look).await.1);
            page.requests();
        }
        assert_ne!(owners[0], owners[1]);
        assert_ne!(owners[1], owners[2]);
    }

    async fn rf_03_the_lease_of_another_is_waited_for() {
        for until in [START + 1, START + PATIENCE] {
            let page = without_locks().await;
            let theirs = format!("{until} another");
            page.world.session.put("lease", &theirs);
            let other = async {
                looks_around(200).await;
                assert_eq!(page.requests(), Vec::<String>::new());
                assert_eq!(page.world.session.take("lease"), theirs);
            };
            let (renewed, ()) = both(page.renew(), other).await;
            assert!(renewed.is_ok());
            assert_eq!((page.requests().len(), lease(&page).as_str()), (1, ""));
        }
    }

    async fn rf_03_a_lease_whose_time_is_over_is_taken() {
        let page = without_locks().await;
        page.world.session.put("lease", &format!("{} asleep", START + 5));
        let time_goes_on = async {
            looks_around(100).await;
            assert_eq!(page.requests(), Vec::<String>::new());
            page.world.now.set(START + 5);
        };
        let (renewed, ()) = both(page.renew(), time_goes_on).await;
        assert!(renewed.is_ok());
        assert_eq!(lease(&page), "");
    }

    async fn rf_03_tm_02_a_lease_that_can_be_nobodys_is_taken_at_once() {
        for text in [
            format!("{START} now"),
            format!("{} long ago", START - 100_000),
            format!("{} from the future", START + PATIENCE + 1),
            "99999999999999999999 from the far future".to_owned(),
            "soon".to_owned(),
            " ".to_owned(),
            "-5 x".to_owned(),
            "{}".to_owned(),
        ] {
            let page = without_locks().await;
            page.world.session.put("lease", &text);
            assert!(page.renew().await.is_ok(), "{text}");
            assert_eq!((page.requests().len(), lease(&page).as_str()), (1, ""), "{text}");
        }
    }

    async fn rf_03_whoever_wrote_last_has_it() {
        let page = without_locks().await;
        let quicker = async {
            while lease(&page).is_empty() {
                looks_around(1).await;
            }
            page.world.session.put("lease", &format!("{} quicker", START + PATIENCE));
            looks_around(200).await;
            assert_eq!(page.requests(), Vec::<String>::new());
            assert_eq!(lease(&page), format!("{} quicker", START + PATIENCE));
            page.world.session.take("lease");
        };
        let (renewed, ()) = both(page.renew(), quicker).await;
        assert!(renewed.is_ok());
        assert_eq!(page.requests(), ["refresh"]);
    }

    async fn rf_02_whoever_overslept_leaves_the_lease_of_the_next_alone() {
        let page = without_locks().await;
        let theirs = format!("{} the next", START + PATIENCE);
        let next = async {
            page.until("refresh").await;
            page.world.session.put("lease", &theirs);
        };
        let (renewed, ()) = both(page.renew(), next).await;
        assert!(renewed.is_ok());
        assert_eq!(lease(&page), theirs);
    }

    async fn rf_02_whoever_overslept_while_waiting_counts_from_its_own_turn() {
        let page = without_locks().await;
        page.world.session.put("lease", &format!("{} another", START + PATIENCE));
        let wait = async {
            looks_around(50).await;
            page.world.now.set(START + PATIENCE);
        };
        let (renewed, ()) = both(page.renew(), wait).await;
        assert!(renewed.is_ok(), "{renewed:?}");
    }

    async fn rf_03_st_04_a_store_that_takes_nothing_renews_nothing() {
        let page = without_locks().await;
        page.world.session.changes_left.set(Some(0));
        assert_eq!(refused_with(page.renew().await), ErrorCode::StorageUnavailable);
        assert_eq!(page.requests(), Vec::<String>::new());
    }
}
