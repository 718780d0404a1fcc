//! The protocol by which tabs share a session, under a scheduler that lets anything happen in any order: the real client
//! in 3 to 8 tabs, on a simulated browser and provider.
//!
//! A schedule is one seed. Everything that a tab asks of the world (to load, to save, to get a lock, to send, to wait) comes
//! back when the scheduler says so; before and after each of these the tab may crash or sleep. What must hold is in
//! `rules.rs`, checked as it happens.
//!
//! `OIDC_WASM_SEED=17 cargo test --test tabs -- --nocapture whatever` tells the story of one seed; `OIDC_WASM_SCHEDULES` says
//! how many there are.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::unreachable, reason = "tests may panic")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
#![allow(clippy::print_stdout, reason = "the numbers are the point")]

mod chance;
mod locks;
mod platform;
mod provider;
mod rules;
mod run;
mod store;
mod world;

use chance::Chance;
use oidc_wasm::client::Config;
use run::{Image, Mode, Plan, Report, Simulation, config};
use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Instant;
use store::Lag;

const SCHEDULES: u64 = 100_000;
/// So many failures of a thread tell enough.
const MOST_FAILURES: usize = 100;

/// What has to be reached, and how often at least in [`SCHEDULES`]: a simulation that has gone blind finds nothing.
const REACHED: &[(&str, u64)] = &[
    ("contention for the lock", 50_000),
    ("tokens that somebody else had got", 100_000),
    ("locks taken from their holder", 1_000),
    ("leases asked for at once", 15_000),
    ("leases of tabs that did not come back", 5_000),
    ("waits for one's own copy of the store", 30_000),
    ("records written after their end", 150),
    ("sign-outs during a renewal", 1_000),
    ("keys thrown away", 8_000),
    ("second uses after a crash, a sleep or a lost answer", 2_000),
    ("families that were ended for a second use", 2_000),
    ("sessions that went on", 30_000),
    ("sessions that ended", 800),
    ("renewals that waited for a provider to recover", 200),
    ("session_changed", 8_000),
    ("session_ended", 2_000),
    ("session_lost", 40),
    ("renewal_postponed", 8_000),
    ("timeout", 1_000),
    ("crash before load", 5_000),
    ("crash after load", 10_000),
    ("crash before save", 700),
    ("crash after save", 700),
    ("crash before remove", 250),
    ("crash after remove", 250),
    ("crash before acquire", 300),
    ("crash after acquire", 400),
    ("crash before send", 400),
    ("crash after send", 400),
    ("crash after sleep", 5_000),
    ("crash after hook", 700),
];

#[derive(Default)]
struct Sum {
    schedules: u64,
    events: u64,
    longest: u64,
    counts: BTreeMap<&'static str, u64>,
    failures: Vec<(u64, Vec<String>)>,
}

impl Sum {
    fn add(&mut self, seed: u64, report: Report) {
        self.schedules += 1;
        self.events += report.events;
        self.longest = self.longest.max(report.longest);
        for (name, count) in report.counts {
            *self.counts.entry(name).or_default() += count;
        }
        if !report.violations.is_empty() {
            self.failures.push((seed, report.violations));
        }
    }

    fn merge(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.events += other.events;
        self.longest = self.longest.max(other.longest);
        for (name, count) in other.counts {
            *self.counts.entry(name).or_default() += count;
        }
        self.failures.extend(other.failures);
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    fn print(&self) {
        println!("the longest that anything took: {} ms", self.longest);
        for (name, count) in &self.counts {
            println!("{count:>9} {name}");
        }
    }

    fn assert_nothing_failed(&mut self) {
        self.failures.sort();
        let lines =
            self.failures.iter().take(20).map(|(seed, what)| format!("OIDC_WASM_SEED={seed}: {}", what.join("; ")));
        let lines: Vec<String> = lines.collect();
        assert!(lines.is_empty(), "{} schedules failed:\n{}", self.failures.len(), lines.join("\n"));
    }
}

thread_local! {
    /// Without and with proofs.
    static START: [(Config, Image); 2] = [false, true].map(|has_proofs| {
        let config = config(has_proofs);
        let image = Simulation::image(&config);
        (config, image)
    });
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// A panic of the core is a failure of the schedule.
fn guarded(run: impl FnOnce() -> Report) -> Report {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let violations = vec![format!("a panic: {}", text.unwrap_or_default())];
        Report { violations, ..Report::default() }
    })
}

fn one(seed: u64, with_story: bool) -> Report {
    let mode = Mode::ALL[(seed % 4) as usize];
    let has_proofs = usize::from((seed / 4).is_multiple_of(4));
    guarded(|| {
        START.with(|start| {
            let (config, image) = &start[has_proofs];
            Simulation::new(seed, mode, config, with_story).run(image)
        })
    })
}

/// All of them, on all processors.
fn all(schedules: u64, run: impl Fn(u64) -> Report + Sync) -> Sum {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let part = &|part: usize| {
        let mut sum = Sum::default();
        for seed in (part as u64..schedules).step_by(threads) {
            sum.add(seed, run(seed));
            if sum.failures.len() >= MOST_FAILURES {
                break;
            }
        }
        sum
    };
    let began = Instant::now();
    let mut sum = Sum::default();
    thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|number| scope.spawn(move || part(number))).collect();
        parts.into_iter().for_each(|part| sum.merge(part.join().unwrap()));
    });
    println!("{} schedules, {} events, {:.1?}", sum.schedules, sum.events, began.elapsed());
    sum
}

#[test]
fn rf_01_rf_02_rf_11_rf_12_tabs_share_a_session_whatever_happens_to_them() {
    if let Some(seed) = number("OIDC_WASM_SEED") {
        let report = one(seed, true);
        println!("{}", report.story.unwrap_or_default());
        assert!(report.violations.is_empty(), "{:#?}", report.violations);
        return;
    }
    let schedules = number("OIDC_WASM_SCHEDULES").unwrap_or(SCHEDULES);
    let mut sum = all(schedules, |seed| one(seed, false));
    sum.print();
    sum.assert_nothing_failed();
    if schedules < SCHEDULES / 10 {
        return;
    }
    for (name, least) in REACHED {
        let count = sum.count(name);
        assert!(count * SCHEDULES >= least * schedules, "{name}: {count} times, {least} in {SCHEDULES} are promised");
    }
}

#[test]
fn rf_03_without_locks_tabs_hardly_ever_renew_twice() {
    const ROUNDS: usize = 2;
    let share = number("OIDC_WASM_SCHEDULES").unwrap_or(SCHEDULES) / 40;
    // Ten thousand rounds in all.
    for (lag, name, schedules, per_mille) in [
        (None, "one store", share, 1),
        (Some(Lag::Usual), "a copy of it for each tab", share, 1),
        (Some(Lag::Loaded), "a copy of it for each tab, on a computer that has too much to do", share / 5, 15),
    ] {
        let run = |seed: u64| {
            guarded(|| {
                START.with(|start| {
                    let (config, image) = &start[0];
                    Simulation::with(Plan::of_rush(lag, ROUNDS), Chance::new(seed), config, false).run(image)
                })
            })
        };
        let mut sum = all(schedules, run);
        let rounds = schedules * ROUNDS as u64;
        let (twice, naps) = (sum.count("second uses without a reason"), sum.count("short sleeps"));
        println!("{name}: {twice} second uses in {rounds} rounds of 8 tabs; {naps} times a page stood still");
        sum.assert_nothing_failed();
        // Of few rounds one or two say nothing.
        assert!(twice <= rounds * per_mille / 1000 + 2, "{name}: {twice} second uses in {rounds} rounds");
    }
}
