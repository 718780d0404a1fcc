//! When tokens are renewed: before they expire, and after a renewal that failed. Chance keeps the clients of a provider
//! apart, and the tabs of a browser, so that they do not all come at once.

use crate::time::Timestamp;

/// Least time before expiry, in seconds, where tokens live long enough.
const EARLY: i64 = 30;
/// First pause after a failure, and the longest, in seconds.
const FIRST: i64 = 4;
const LONGEST: i64 = 300;
/// Longest pause that a server may ask for, in seconds.
const MOST_ASKED: i64 = 60 * 60;
/// Longest pause of all: the longest that a server may ask for, and chance.
pub const LONGEST_PAUSE: i64 = MOST_ASKED / 2 * 3;
/// Longest time that people have to wait for the next attempt where the server did not ask for more, in seconds.
const PATIENCE: i64 = 30;

/// The next attempt after a renewal that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// When it is made although nobody waits for it.
    pub at: Timestamp,
    /// From when on it is made for somebody who waits.
    pub not_before: Timestamp,
}

/// When a token is renewed ahead of its expiry: when a tenth to a fifth of its life is left, but at least 30 seconds and
/// at most half of it.
pub fn renewal_at(received_at: Timestamp, expires_at: Timestamp, seed: u32) -> Timestamp {
    let life = expires_at.since(received_at).max(0);
    let early = between(life / 10, life / 5, seed).max(between(EARLY, EARLY * 3 / 2, seed));
    let early = early.min(between((life / 5).saturating_mul(2), life / 2, seed));
    expires_at.plus(early.saturating_neg())
}

/// When to try again after so many failures in a row: twice as long each time, and not before the server wants it
/// (`Retry-After`, RFC 9110, section 10.2.3), in seconds.
pub fn retry_at(now: Timestamp, failures: i64, retry_after: i64, seed: u32) -> Retry {
    let mut longest = FIRST;
    for _ in 1..failures.min(16) {
        longest = longest.saturating_mul(2).min(LONGEST);
    }
    let pause = between(longest / 2, longest, seed);
    let asked = retry_after.clamp(0, MOST_ASKED);
    // Whoever was told the same time does not come at the same time.
    let asked = asked.saturating_add(between(0, asked / 2, seed));
    Retry { at: now.plus(pause.max(asked)), not_before: now.plus(pause.min(PATIENCE).max(asked)) }
}

/// A whole number from `low` to `high`, as far along as `seed` is along all its values.
fn between(low: i64, high: i64, seed: u32) -> i64 {
    let values = high.saturating_sub(low).saturating_add(1);
    low.saturating_add(values.saturating_mul(i64::from(seed)) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const SEEDS: [u32; 4] = [0, 1 << 30, 3 << 30, u32::MAX];

    fn early(life: i64, seed: u32) -> i64 {
        let expires_at = NOW.plus(life);
        expires_at.since(renewal_at(NOW, expires_at, seed))
    }

    #[test]
    fn rf_09_a_token_is_renewed_early_enough_and_not_by_all_at_once() {
        assert_eq!(SEEDS.map(|seed| early(3600, seed)), [360, 450, 630, 720]);
        assert_eq!(SEEDS.map(|seed| early(300, seed)), [30, 37, 53, 60]);
        assert_eq!(SEEDS.map(|seed| early(60, seed)), [24, 25, 29, 30], "not more than half of its life");
        assert_eq!(SEEDS.map(|seed| early(2, seed)), [0, 0, 1, 1]);
        for life in [0, -1, i64::MIN, i64::MAX] {
            for seed in SEEDS {
                assert!((0..=i64::MAX / 2).contains(&early(life, seed)), "{life} {seed}");
            }
        }
    }

    #[test]
    fn rf_06_pauses_grow_and_end_and_keep_what_the_server_asks_for() {
        let pause = |failures, asked, seed| {
            let retry = retry_at(NOW, failures, asked, seed);
            (retry.at.since(NOW), retry.not_before.since(NOW))
        };
        let highest = [1, 2, 3, 4, 7, 8, 1000].map(|failures| pause(failures, 0, u32::MAX));
        assert_eq!(highest, [(4, 4), (8, 8), (16, 16), (32, 30), (256, 30), (300, 30), (300, 30)]);
        let lowest = [1, 2, 3, 1000].map(|failures| pause(failures, 0, 0));
        assert_eq!(lowest, [(2, 2), (4, 4), (8, 8), (150, 30)]);
        assert_eq!(pause(1, 120, 0), (120, 120));
        assert_eq!(pause(1, 120, u32::MAX), (180, 180));
        assert_eq!(pause(1, i64::MAX, 0), (3600, 3600));
        for failures in [i64::MIN, -1, 0, i64::MAX] {
            for asked in [i64::MIN, -1, i64::MAX] {
                assert!((2..=5400).contains(&pause(failures, asked, 7).0));
            }
        }
    }
}
