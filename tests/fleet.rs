//! A million clients and a provider that is away for ten minutes: how many requests a second come when it is back.
//!
//! Each client lives by the real rules of `protocol::schedule` and does not know the others, so they are followed one after
//! the other. Printed is the busiest second of the hour after the outage beside the mean of that hour, once with chance and
//! once without; bounded is the first.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests may panic")]
#![allow(clippy::print_stdout, reason = "the numbers are the point")]

use oidc_wasm::protocol::schedule::{renewal_at, retry_at};
use oidc_wasm::time::Timestamp;
use std::thread;

const CLIENTS: usize = 1_000_000;
/// Without chance one client of so many is followed, and stands for the others.
const SAMPLE: usize = 10;
const OUTAGE: i64 = 600;
const HOUR: usize = 3600;
/// Seconds that a client waits for an answer that does not come.
const TIMEOUT: i64 = 10;
/// One client of so many has somebody who waits for its token: it tries as often as it may.
const WAITED_FOR: u32 = 7;

/// How the provider is away.
#[derive(Clone, Copy, Debug)]
enum Away {
    /// It answers 503 and does not say for how long.
    Silent,
    /// It answers 503 with `Retry-After: 120`.
    AskingFor120,
    /// It answers 503 with the time until it is back: the same moment for everybody.
    TellingTheEnd,
    /// Nothing answers.
    Unreachable,
}

/// What a client does by chance.
struct Chance {
    state: u64,
    /// Without it everybody comes as early as the rules allow, and exactly when the provider says.
    is_on: bool,
}

impl Chance {
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if self.is_on { (self.state >> 32) as u32 } else { 0 }
    }
}

/// Requests in every second of the hour after the outage.
fn hour_after(life: i64, away: Away, with_chance: bool) -> Vec<u32> {
    let mut hour = vec![0; HOUR];
    let step = if with_chance { 1 } else { SAMPLE };
    for client in (0_u32..).take(CLIENTS).step_by(step) {
        let state = u64::from(client).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ life.unsigned_abs();
        let mut chance = Chance { state, is_on: with_chance };
        // Signed in long before, at any time.
        let mut received_at = -2 * life - i64::from(client / 10) % life;
        let waited_for = client % WAITED_FOR == 0;
        let mut at = next_renewal(received_at, life, &mut chance);
        let mut failures = 0;
        while at < OUTAGE + 3600 {
            if let Ok(second) = usize::try_from(at - OUTAGE) {
                hour[second] += u32::try_from(step).unwrap_or_default();
            }
            if !(0..OUTAGE).contains(&at) {
                (received_at, failures) = (at, 0);
                at = next_renewal(received_at, life, &mut chance);
                continue;
            }
            failures += 1;
            let (noticed_at, asked) = match away {
                Away::Silent => (at, 0),
                Away::AskingFor120 => (at, 120),
                Away::TellingTheEnd => (at, OUTAGE - at),
                Away::Unreachable => (at + TIMEOUT, 0),
            };
            let retry = retry_at(Timestamp::from_seconds(noticed_at), failures, asked, chance.next());
            let expires_at = received_at + life;
            // Nobody waits while there is a token.
            let next = if waited_for { retry.not_before.seconds().max(expires_at) } else { i64::MAX };
            at = retry.at.seconds().min(next);
        }
    }
    hour
}

fn next_renewal(received_at: i64, life: i64, chance: &mut Chance) -> i64 {
    let at = |seconds| Timestamp::from_seconds(seconds);
    renewal_at(at(received_at), at(received_at + life), chance.next()).seconds()
}

/// The busiest second, and the mean.
fn load(hour: &[u32]) -> (f64, f64) {
    let sum: u64 = hour.iter().map(|requests| u64::from(*requests)).sum();
    let peak = hour.iter().max().copied().unwrap_or_default();
    (f64::from(peak), sum as f64 / hour.len() as f64)
}

/// With chance and without.
fn measure(cases: &[(i64, Away)]) -> Vec<[(f64, f64); 2]> {
    let both = |(life, away)| [true, false].map(|chance| load(&hour_after(life, away, chance)));
    cases.iter().copied().map(both).collect()
}

#[test]
fn rf_09_a_fleet_that_comes_back_after_an_outage_does_not_come_at_once() {
    let cases: Vec<(i64, Away)> = [300, 3600]
        .into_iter()
        .flat_map(|life| {
            [Away::Silent, Away::AskingFor120, Away::TellingTheEnd, Away::Unreachable].map(|away| (life, away))
        })
        .collect();
    let (first, second) = cases.split_at(cases.len() / 2);
    let rows = thread::scope(|scope| {
        let other = scope.spawn(|| measure(second));
        let mut rows = measure(first);
        rows.extend(other.join().unwrap_or_default());
        rows
    });
    println!(
        "{:>6} {:>14} {:>10} {:>10} {:>8} {:>16}",
        "token", "outage", "peak/s", "mean/s", "ratio", "without chance"
    );
    assert_eq!(rows.len(), cases.len());
    for ((life, away), [with, without]) in cases.into_iter().zip(rows) {
        let ratio = |(peak, mean): (f64, f64)| peak / mean;
        println!(
            "{life:>5}s {:>14} {:>10} {:>10.0} {:>8.2} {:>16.2}",
            format!("{away:?}"),
            with.0,
            with.1,
            ratio(with),
            ratio(without)
        );
        // Measured: 1.3 to 2.3, and 4.1 to 8.9. Of tokens that live for an hour few are due in the hour after, so the mean is low.
        let most = if life == 300 { 3.0 } else { 10.0 };
        assert!(ratio(with) <= most, "{life} {away:?}: {with:?}");
        // Everybody at once is what chance is there for.
        assert!(!matches!(away, Away::TellingTheEnd) || ratio(without) > 20.0 * ratio(with), "{life}: {without:?}");
    }
}
