//! What must hold whatever happens, checked as it happens.

use crate::provider::{Provider, refresh_token_in};
use crate::world::{MOMENTS, SHORT_SLEEP, TabId, short};
use std::collections::BTreeMap;

pub(crate) type JobId = usize;

/// The longest that anything a tab does may take, without the time that it sleeps itself, in milliseconds.
pub(crate) const LONGEST: u64 = 100_000;

/// How long reading and writing the record takes where nothing sleeps for long, in milliseconds.
const COLLISION: u64 = 2_000;

/// What somebody does in a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Asks for the access token, and has it renewed when it is too old.
    Token,
    /// Has it renewed in any case.
    Renew,
    /// The same, because an API refused the one there is.
    Refused,
    /// The timer has it renewed ahead of its expiry.
    Ahead,
    SignIn(usize),
    SignOut {
        revoke: bool,
    },
    FrontChannel,
    /// A page is opened, or opened again.
    Restore,
    Look,
}

impl Action {
    fn signs_out(self) -> bool {
        matches!(self, Self::SignOut { .. } | Self::FrontChannel)
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An access token, or a session that has one.
    Has(usize),
    #[default]
    Nobody,
    Done,
    Failed(&'static str),
}

struct Job {
    tab: TabId,
    action: Action,
    began_at: u64,
    /// When it was over, or its tab gone.
    ended_at: Option<u64>,
    is_gone: bool,
    /// Who was signed in where it began, as its tab knew.
    person: Option<usize>,
    /// All the time that its tab slept, and whether one sleep was so long that others may have gone on.
    slept: u64,
    slept_long: bool,
    /// The answer to a token request of it did not come.
    is_lost: bool,
    /// It looked just after a crash, when nobody could know any more what its own copy of the store lacked.
    is_misled: bool,
    /// When it last saw whose session is there, and which have ended.
    looked_at: [u64; 2],
    requests: usize,
}

impl Job {
    /// Whether others cannot know what became of a refresh token that it has sent.
    fn is_excused(&self) -> bool {
        self.is_gone || self.slept_long || self.is_lost || self.is_misled
    }
}

#[derive(Default)]
struct Family {
    /// When the session was first there.
    since: Option<u64>,
    /// When another had taken its place, and when a sign-out had returned.
    replaced_at: Option<u64>,
    signed_out_at: Option<u64>,
    /// The jobs that have sent each refresh token.
    uses: BTreeMap<usize, Vec<JobId>>,
    /// The generation of the refresh token that was saved last.
    saved: usize,
    /// The key that it is bound to, and whether that was thrown away.
    key: String,
    lacks_key: bool,
    /// A generation whose refresh token was saved again when there was a newer one.
    set_back: Option<usize>,
}

#[derive(Default)]
pub(crate) struct Rules {
    jobs: Vec<Job>,
    families: BTreeMap<usize, Family>,
    /// Whose session is there.
    present: Option<usize>,
    /// Whether it is there only because of a crash.
    is_doubtful: bool,
    /// Whether the store was written since the last look.
    pub(crate) is_written: bool,
    writer: JobId,
    /// How long it takes until every tab sees what was written, in moments.
    pub(crate) behind: u64,
    /// Whether tabs are slower than a lease can bear: then a second use is counted, and is no violation.
    pub(crate) is_unsteady: bool,
    pub(crate) violations: Vec<String>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) longest: u64,
    tombstones: String,
    record_written_at: u64,
    last_crash: Option<u64>,
    pub(crate) last_outcome: Outcome,
    pub(crate) last_end: u64,
}

impl Rules {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    /// The session of this family is there from the beginning.
    pub(crate) fn start(&mut self, family: usize) {
        self.present = Some(family);
        self.families.entry(family).or_default().since = Some(0);
    }

    pub(crate) fn begin(&mut self, tab: TabId, action: Action, person: Option<usize>, now: u64) -> JobId {
        self.jobs.push(Job {
            tab,
            action,
            began_at: now,
            ended_at: None,
            is_gone: false,
            person,
            slept: 0,
            slept_long: false,
            is_lost: false,
            is_misled: false,
            looked_at: [now; 2],
            requests: 0,
        });
        self.jobs.len() - 1
    }

    pub(crate) fn looks(&mut self, job: JobId, name: &str, now: u64) {
        self.jobs[job].is_misled |= self.last_crash.is_some_and(|at| now < at + self.behind);
        match short(name) {
            "session" => self.jobs[job].looked_at[0] = now,
            "ended" => self.jobs[job].looked_at[1] = now,
            _ => {}
        }
    }

    /// A token request was answered.
    pub(crate) fn answered(&mut self, job: JobId, now: u64, is_lost: bool) {
        let job = &mut self.jobs[job];
        job.looked_at = [now; 2];
        job.is_lost |= is_lost;
    }

    pub(crate) fn answer_lost(&mut self, job: JobId) {
        self.jobs[job].is_lost = true;
    }

    fn of_tab(&mut self, tab: TabId) -> impl Iterator<Item = &mut Job> {
        self.jobs.iter_mut().filter(move |job| job.tab == tab && job.ended_at.is_none())
    }

    pub(crate) fn sleeps(&mut self, tab: TabId, milliseconds: u64) {
        self.count(if milliseconds > SHORT_SLEEP { "long sleeps" } else { "short sleeps" });
        for job in self.of_tab(tab) {
            job.slept += milliseconds;
            job.slept_long |= milliseconds > SHORT_SLEEP;
        }
    }

    pub(crate) fn crashed(&mut self, tab: TabId, now: u64) {
        self.count("crashes");
        self.last_crash = Some(now);
        // What it wrote just before may not have reached anybody.
        let behind = self.behind;
        for job in self.jobs.iter_mut().filter(|job| job.tab == tab) {
            job.is_gone |= job.ended_at.is_none_or(|at| behind > 0 && at + behind > now);
            job.ended_at.get_or_insert(now);
        }
    }

    pub(crate) fn taken_from(&mut self, job: JobId) {
        self.count("locks taken from their holder");
        let Job { is_gone, slept_long, action, .. } = self.jobs[job];
        if !is_gone && !slept_long {
            self.violated(format!("the lock was taken from job {job} ({action:?}), which was at work"));
        }
    }

    /// A refresh token reaches the provider.
    pub(crate) fn used(&mut self, job: JobId, family: usize, generation: usize) {
        self.count("renewals");
        self.jobs[job].requests += 1;
        let known = self.families.entry(family).or_default();
        let is_set_back = known.set_back == Some(generation);
        let uses = known.uses.entry(generation).or_default();
        uses.push(job);
        let (uses, others) = (uses.clone(), uses.len() > 1);
        let without_reason = uses.iter().filter(|user| !self.jobs[**user].is_excused()).count();
        if without_reason > 1 && !is_set_back {
            self.count("second uses without a reason");
            if !self.is_unsteady {
                self.violated(format!("job {job} used r-{family}-{generation}, which was used by {uses:?}"));
            }
        } else if others {
            self.count("second uses after a crash, a sleep or a lost answer");
        }
    }

    /// Something was written.
    pub(crate) fn written(&mut self, job: JobId, name: &str, text: &str, before: &str, seconds: i64, now: u64) {
        self.is_written = true;
        self.writer = job;
        match short(name) {
            "ended" => text.clone_into(&mut self.tombstones),
            "lease" if !before.is_empty() && !text.is_empty() => {
                let until: i64 = before.split(' ').next().unwrap_or_default().parse().unwrap();
                let is_over = until <= seconds;
                self.count(if is_over { "leases of tabs that did not come back" } else { "leases asked for at once" });
            }
            "session" => self.record_written(job, text, now),
            _ => {}
        }
    }

    fn record_written(&mut self, job: JobId, text: &str, now: u64) {
        // A tab that lost its turn while it slept reads and writes in one go; another may do the same in these milliseconds.
        let written_at = std::mem::replace(&mut self.record_written_at, now);
        let Job { slept_long, looked_at: [looked_at, _], .. } = self.jobs[job];
        if slept_long && looked_at < written_at && now - looked_at < COLLISION * MOMENTS {
            self.count("records written at once after a sleep");
            self.jobs[job].is_misled = true;
        }
        let id = text.split_once("\"id\":\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
        if !id.is_empty() && self.tombstones.split(' ').any(|ended| ended == id) {
            self.count("records written after their end");
        }
        let Some((family, generation)) = refresh_token_in(text) else { return };
        let key = text.split_once("\"jkt\":\"").and_then(|(_, rest)| rest.split('"').next());
        let known = self.families.entry(family).or_default();
        key.unwrap_or_default().clone_into(&mut known.key);
        let newer = std::mem::replace(&mut known.saved, generation);
        if generation < newer {
            known.set_back = Some(generation);
            self.count("older tokens over newer ones");
            let Job { action, .. } = self.jobs[job];
            if !self.jobs[job].is_excused() && !self.is_unsteady {
                self.violated(format!("job {job} ({action:?}) saved r-{family}-{generation} over {newer}"));
            }
        }
    }

    /// A key is thrown away.
    pub(crate) fn dropped(&mut self, job: JobId, key: &str) {
        self.count("keys thrown away");
        let Some(known) = self.present.and_then(|family| self.families.get_mut(&family)) else { return };
        let is_used = known.key == key;
        // Where writing takes time, the session that takes its place is on its way.
        known.lacks_key |= is_used && self.behind > 0;
        if is_used && self.behind == 0 && !self.jobs[job].is_excused() {
            let Job { action, .. } = self.jobs[job];
            self.violated(format!("job {job} ({action:?}) threw the key of the session away"));
        }
    }

    /// Who is signed in now, after something was written.
    pub(crate) fn observe(&mut self, present: Option<usize>, provider: &Provider, now: u64) {
        let before = std::mem::replace(&mut self.present, present);
        if present == before {
            return;
        }
        let Job { action, is_misled, is_gone, .. } = self.jobs[self.writer];
        // What was on its way to other tabs when its own was gone arrives when it likes.
        let is_misled = is_misled || (is_gone && self.behind > 0);
        let by = format!("by job {} ({action:?})", self.writer);
        if let Some(family) = before {
            let known = self.families.entry(family).or_default();
            if present.is_some() {
                known.replaced_at.get_or_insert(now);
            } else {
                let (since, lacks_key) = (known.since.unwrap_or_default(), known.lacks_key);
                let behind = self.behind;
                let ends_it = |job: &Job| job.ended_at.is_none_or(|at| at + behind >= since);
                let was_asked = self.jobs.iter().any(|job| job.action.signs_out() && ends_it(job));
                let may_go = was_asked || lacks_key || is_misled || self.is_doubtful;
                if !may_go && !provider.is_over(family) {
                    self.violated(format!("the session of family {family} was lost {by}"));
                }
            }
        }
        self.is_doubtful = is_misled;
        if let Some(family) = present {
            // It may be there again while somebody is still at ending it.
            let is_ending = |job: &Job| job.ended_at.is_none() && job.action.signs_out();
            let may_be = is_misled || (before.is_none() && self.jobs.iter().any(is_ending));
            let known = self.families.entry(family).or_default();
            if known.since.is_some() && !may_be {
                let before = before.map(|family| format!(" in the place of family {family}")).unwrap_or_default();
                self.violations.push(format!("the session of family {family} came back{before} {by}"));
            }
            known.since.get_or_insert(now);
            if is_misled {
                known.replaced_at = None;
            }
        }
    }

    /// A job is over.
    pub(crate) fn end(&mut self, id: JobId, outcome: &Outcome, provider: &Provider, now: u64) {
        if let Outcome::Has(family) = outcome {
            self.has(id, *family);
        }
        self.jobs[id].ended_at = Some(now);
        (self.last_outcome, self.last_end) = (outcome.clone(), now);
        let Job { action, began_at, slept, requests, person, .. } = self.jobs[id];
        let took = ((now - began_at) / MOMENTS).saturating_sub(slept);
        self.longest = self.longest.max(took);
        if took > LONGEST {
            self.violated(format!("job {id} ({action:?}) took {took} ms"));
        }
        match (action, outcome) {
            (Action::Token | Action::Renew | Action::Refused | Action::Ahead, Outcome::Has(family)) => {
                self.count(if requests == 0 { "tokens that somebody else had got" } else { "tokens" });
                let theirs = provider.person_of(*family);
                if person.is_some_and(|person| person != theirs) {
                    self.violated(format!("job {id} ({action:?}) of {person:?} got a token of person {theirs}"));
                }
            }
            (action, Outcome::Done) if action.signs_out() => self.signed_out(began_at, now),
            (_, Outcome::Failed(code)) => self.count(code),
            _ => {}
        }
    }

    /// A tab has somebody's session, or a token of it, and may have it.
    pub(crate) fn has(&mut self, id: JobId, family: usize) {
        let Job { action, looked_at: [session, ended], ended_at, .. } = self.jobs[id];
        // Whoever has signed in is told so, whatever others have done since.
        if matches!(action, Action::SignIn(_)) && ended_at.is_none() {
            return;
        }
        let Some(known) = self.families.get(&family) else { return };
        let is_over = |at: Option<u64>, looked_at: u64| at.is_some_and(|at| at + self.behind < looked_at);
        // Whoever signs out ends the session that is there; of one before it nothing is noted anew.
        let ended = if known.replaced_at.is_some() { session } else { session.max(ended) };
        if is_over(known.replaced_at, session) || is_over(known.signed_out_at, ended) {
            let Family { replaced_at, signed_out_at, .. } = known;
            let ends = format!("replaced at {replaced_at:?}, signed out at {signed_out_at:?}");
            self.violated(format!("job {id} ({action:?}) has family {family}: {ends}"));
        }
    }

    /// Whoever was signed in before this sign-out began is so no more.
    fn signed_out(&mut self, began_at: u64, now: u64) {
        self.count("sign-outs");
        let behind = self.behind;
        for family in self.families.values_mut() {
            if family.since.is_some_and(|since| since + behind <= began_at) {
                family.signed_out_at.get_or_insert(now);
            }
        }
        let running = |job: &Job| job.ended_at.is_none() && job.requests > 0;
        if self.jobs.iter().any(running) {
            self.count("sign-outs during a renewal");
        }
        self.check_ended(now);
    }

    /// No session is there that has ended.
    pub(crate) fn check_ended(&mut self, now: u64) {
        if let Some(family) = self.present
            && let Some(at) = self.families.get(&family).and_then(|family| family.signed_out_at)
            && at + self.behind < now
        {
            self.violated(format!("family {family} is there, which ended at {at}"));
        }
    }

    pub(crate) fn present(&self) -> Option<usize> {
        self.present
    }

    /// The latest refresh token of a family that was saved.
    pub(crate) fn saved(&self, family: usize) -> usize {
        self.families.get(&family).map_or(0, |family| family.saved)
    }
}
