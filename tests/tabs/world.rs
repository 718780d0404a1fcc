//! Everything outside of the tabs: time, which only passes from event to event; the store, the locks and the network,
//! each of which takes its time; and what goes wrong.

use crate::chance::Chance;
use crate::locks::Locks;
use crate::provider::{Provider, Reply};
use crate::rules::{JobId, Rules};
use crate::run::{Mode, Plan};
use crate::store::{SETTLING, Store};
use oidc_wasm::error::ErrorCode;
use oidc_wasm::http::{HttpRequest, HttpResponse};
use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};
use std::fmt::Write as _;
use std::rc::Rc;

/// 2027-01-15, in seconds.
const START: i64 = 1_800_000_000;
/// A tab that sleeps for longer than this may find that others did not wait. Shorter sleeps change nothing.
pub(crate) const SHORT_SLEEP: u64 = 900;
/// Seconds that a request may take; the client's default.
pub(crate) const TIMEOUT: u64 = 10_000;
/// How long others wait for whoever has the turn: (2 x 10 + 2) s.
pub(crate) const PATIENCE: u64 = 22_000;

/// Moments of a millisecond.
pub(crate) const MOMENTS: u64 = 1 << 20;

pub(crate) type TabId = usize;
pub(crate) type CallId = usize;
pub(crate) type SharedWorld = Rc<RefCell<World>>;

/// What a tab asks of the world.
pub(crate) enum Call {
    Load(String),
    Save(String, String),
    Remove(String),
    Acquire(u64),
    Send(HttpRequest),
    Sleep(u64),
    /// A function of the page, with its argument.
    Hook(&'static str, String),
}

impl Call {
    fn kind(&self) -> &'static str {
        match self {
            Self::Load(_) => "load",
            Self::Save(..) => "save",
            Self::Remove(_) => "remove",
            Self::Acquire(_) => "acquire",
            Self::Send(_) => "send",
            Self::Sleep(_) => "sleep",
            Self::Hook(..) => "hook",
        }
    }
}

impl Call {
    /// What a crash before it reaches the other side is counted as, and one before its answer is there.
    fn crashes(&self) -> [&'static str; 2] {
        match self {
            Self::Load(_) => ["crash before load", "crash after load"],
            Self::Save(..) => ["crash before save", "crash after save"],
            Self::Remove(_) => ["crash before remove", "crash after remove"],
            Self::Acquire(_) => ["crash before acquire", "crash after acquire"],
            Self::Send(_) => ["crash before send", "crash after send"],
            Self::Sleep(_) => ["crash before sleep", "crash after sleep"],
            Self::Hook(..) => ["crash before hook", "crash after hook"],
        }
    }
}

/// What it gets.
pub(crate) enum Answer {
    Text(String),
    Response(Result<HttpResponse, ErrorCode>),
}

enum State {
    /// It has not come back yet; the answer is what it brings, once it has reached the other side.
    Under(Option<Answer>),
    Back(Answer),
    /// Nobody waits for it any more.
    Over,
}

struct Asked {
    tab: TabId,
    job: JobId,
    call: Call,
    state: State,
    /// It never reaches the other side.
    is_cut: bool,
    /// The number of what it writes, where others see that later.
    write: Option<usize>,
    granted_at: u64,
}

/// What happens at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A call reaches the other side.
    Effect(CallId),
    /// Its answer reaches the tab.
    Back(CallId),
    /// Something that another tab wrote becomes visible, or one's own is known to everybody.
    Visible(TabId, usize),
    /// Whoever waits for a lock looks at how long it has been.
    Bound(CallId),
    /// A lock is given back.
    Unlocked(u64),
    /// The browser has noticed that a tab is gone.
    Gone(TabId),
    /// Somebody in a tab does the next thing.
    Begin(TabId, usize),
    /// A tab is opened.
    Open,
}

struct Entry {
    at: u64,
    /// The order of what happens at the same moment.
    tie: u64,
    number: u64,
    event: Event,
}

impl Entry {
    fn key(&self) -> (u64, u64, u64) {
        (self.at, self.tie, self.number)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// How fast things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All at once: only the order is left to chance.
    Instant,
    Usual,
    /// With a provider that takes seconds, or too long.
    Slow,
}

/// How often something goes wrong: once in so many events, never for 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) crash: u64,
    pub(crate) sleep: u64,
    pub(crate) nap: u64,
    /// Of requests.
    pub(crate) lost: u64,
    pub(crate) refused: u64,
}

#[derive(Default)]
pub(crate) struct Tab {
    pub(crate) is_gone: bool,
    asleep_until: u64,
    /// When what it has written is the truth.
    committed: u64,
    /// Nothing more may happen to it.
    pub(crate) had_its_share: bool,
}

/// What the runner has to do.
pub(crate) enum Next {
    Poll(TabId),
    Begin(TabId, usize),
    Crash(TabId),
    Open,
    Nothing,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) chance: Chance,
    pub(crate) pace: Pace,
    pub(crate) trouble: Trouble,
    pub(crate) store: Store,
    pub(crate) locks: Locks,
    /// Whether the browser has Web Locks.
    pub(crate) has_locks: bool,
    pub(crate) provider: Provider,
    pub(crate) rules: Rules,
    pub(crate) tabs: Vec<Tab>,
    /// Those that sessions are bound to, by their thumbprints.
    pub(crate) keys: BTreeSet<String>,
    /// The job whose future is being polled.
    pub(crate) polled: JobId,
    asked: Vec<Asked>,
    queue: BinaryHeap<Reverse<Entry>>,
    numbers: u64,
    /// Events so far.
    pub(crate) steps: u64,
    pub(crate) story: Option<String>,
}

impl World {
    pub(crate) fn new(chance: Chance, plan: &Plan) -> Self {
        let Mode { has_locks, is_delayed } = plan.mode;
        Self {
            now: 0,
            chance,
            pace: plan.pace,
            trouble: Trouble::default(),
            store: Store::new(is_delayed, plan.lag),
            locks: Locks::default(),
            has_locks,
            provider: Provider::default(),
            rules: Rules::default(),
            tabs: Vec::new(),
            keys: BTreeSet::new(),
            polled: 0,
            asked: Vec::new(),
            queue: BinaryHeap::new(),
            numbers: 0,
            steps: 0,
            story: None,
        }
    }

    pub(crate) fn seconds(&self) -> i64 {
        START + i64::try_from(self.now / 1000).unwrap()
    }

    /// Now, in an order that also tells apart what happens in one millisecond.
    pub(crate) fn moment(&self) -> u64 {
        self.now * MOMENTS + self.steps
    }

    /// For whoever reads what has happened.
    pub(crate) fn tell(&mut self, text: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let _ = writeln!(story, "{:>9} {}", self.now, text());
        }
    }

    pub(crate) fn open_tab(&mut self) -> TabId {
        self.tabs.push(Tab::default());
        self.store.open_view();
        self.tabs.len() - 1
    }

    pub(crate) fn later(&mut self, milliseconds: u64, event: Event) {
        let tie = self.chance.next();
        self.at(self.now + milliseconds, tie, event);
    }

    fn at(&mut self, at: u64, tie: u64, event: Event) {
        self.numbers += 1;
        self.queue.push(Reverse(Entry { at, tie, number: self.numbers, event }));
    }

    /// How long the way to something takes, in milliseconds.
    fn way(&mut self, kind: &str) -> u64 {
        let (pace, chance) = (self.pace, &mut self.chance);
        match (pace, kind) {
            (_, "hook") => 0,
            (Pace::Instant, _) => 0,
            (Pace::Usual, "send") => chance.between(1, 120),
            (Pace::Slow, "send") => match chance.below(16) {
                0 => chance.between(5_000, TIMEOUT + 2_000),
                1..6 => chance.between(500, 4_000),
                _ => chance.between(10, 300),
            },
            _ => match chance.below(32) {
                0 => chance.between(0, 25),
                1..8 => chance.between(0, 5),
                _ => chance.between(0, 1),
            },
        }
    }

    /// A tab asks for something.
    pub(crate) fn ask(&mut self, tab: TabId, call: Call) -> CallId {
        let (job, id) = (self.polled, self.asked.len());
        self.tell(|| {
            let what = match &call {
                Call::Load(name) | Call::Remove(name) => short(name).to_owned(),
                Call::Save(name, text) => format!("{} {}", short(name), gist(text)),
                Call::Acquire(bound) => format!("for {bound}"),
                Call::Send(request) => request.url.clone(),
                Call::Sleep(milliseconds) => milliseconds.to_string(),
                Call::Hook(name, argument) => format!("{name} {argument}"),
            };
            format!("tab {tab} job {job}: {} {what}", call.kind())
        });
        let way = self.way(call.kind());
        let (mut state, mut write) = (State::Under(None), None);
        match &call {
            Call::Sleep(milliseconds) => {
                state = State::Under(Some(Answer::Text(String::new())));
                let milliseconds = *milliseconds;
                self.later(milliseconds, Event::Back(id));
            }
            Call::Hook(name, argument) => {
                state = State::Under(Some(Answer::Text(self.hook(job, name, argument))));
                self.later(way, Event::Back(id));
            }
            // Such a store answers at once, from the copy of the tab.
            Call::Load(name) if self.store.is_delayed => {
                state = State::Under(Some(Answer::Text(self.store.load(tab, name).to_owned())));
                self.rules.looks(job, name, self.now * MOMENTS + self.steps);
                self.later(0, Event::Back(id));
            }
            Call::Save(name, text) if self.store.is_delayed => write = Some(self.store.write_view(tab, name, text)),
            Call::Remove(name) if self.store.is_delayed => write = Some(self.store.write_view(tab, name, "")),
            _ => self.later(way, Event::Effect(id)),
        }
        if write.is_some() {
            // The call itself is over as soon as the others can know of it.
            state = State::Under(Some(Answer::Text(String::new())));
            // In the order in which the tab has written.
            let committed = &mut self.tabs[tab].committed;
            *committed = (*committed).max(self.now + way);
            let at = *committed;
            self.at(at, 0, Event::Effect(id));
            let announced = if self.has_locks { self.way("acquire") } else { 0 };
            self.later(announced, Event::Back(id));
        }
        self.asked.push(Asked { tab, job, call, state, is_cut: false, write, granted_at: 0 });
        id
    }

    /// What the page's functions do: keep keys, which all tabs share, and sign with them.
    fn hook(&mut self, job: JobId, name: &str, argument: &str) -> String {
        match name {
            "key" if self.keys.contains(argument) => argument.to_owned(),
            "proof" => "a-proof".to_owned(),
            "dropKey" => {
                self.keys.remove(argument);
                self.rules.dropped(job, argument);
                String::new()
            }
            _ => String::new(),
        }
    }

    /// A new key, for a sign-in.
    pub(crate) fn make_key(&mut self) -> String {
        let key = format!("key-{}", self.chance.next());
        self.keys.insert(key.clone());
        key
    }

    /// What a call has brought back.
    pub(crate) fn take(&mut self, id: CallId) -> Option<Answer> {
        match std::mem::replace(&mut self.asked[id].state, State::Over) {
            State::Back(answer) => Some(answer),
            state => {
                self.asked[id].state = state;
                None
            }
        }
    }

    /// Nobody waits for it any more.
    pub(crate) fn give_up(&mut self, id: CallId) {
        let asked = &mut self.asked[id];
        if matches!(asked.state, State::Over) {
            return;
        }
        asked.state = State::Over;
        if let Call::Send(request) = &asked.call {
            asked.is_cut = self.chance.one_in(2);
            if request.url.ends_with("/token") {
                self.rules.answer_lost(asked.job);
            }
        }
    }

    /// The page gives a lock back.
    pub(crate) fn unlock(&mut self, tab: TabId, ticket: &str) {
        let Ok(ticket) = ticket.parse() else { return };
        if !self.tabs[tab].is_gone {
            let way = self.way("unlock");
            self.later(way, Event::Unlocked(ticket));
        }
    }

    /// What happens next; `None` when nothing will.
    pub(crate) fn step(&mut self) -> Option<Next> {
        let Reverse(entry) = self.queue.pop()?;
        self.now = entry.at;
        self.steps += 1;
        let tab = self.tab_of(entry.event);
        if let Some(tab) = tab {
            if self.tabs[tab].is_gone && self.is_dead(entry.event) {
                return Some(Next::Nothing);
            }
            let until = self.tabs[tab].asleep_until;
            if until > self.now && self.happens_in_tab(entry.event) {
                let (later, tie) = match entry.event {
                    Event::Visible(..) => (0, entry.tie),
                    _ => (self.chance.below(3), self.chance.next()),
                };
                self.queue.push(Reverse(Entry { at: until + later, tie, ..entry }));
                return Some(Next::Nothing);
            }
        }
        if let (Some(tab), Event::Effect(_) | Event::Back(_)) = (tab, entry.event)
            && !self.tabs[tab].is_gone
            && let Some(crash) = self.befall(tab, entry.event)
        {
            // It may be over before this happens, or after.
            if let Event::Effect(id) = entry.event
                && (self.asked[id].write.is_some() || self.chance.one_in(2))
            {
                self.effect(id);
            }
            return Some(crash);
        }
        Some(match entry.event {
            Event::Effect(id) => {
                self.effect(id);
                Next::Nothing
            }
            Event::Back(id) => self.back(id),
            Event::Visible(tab, write) => {
                self.store.become_visible(tab, write);
                Next::Nothing
            }
            Event::Bound(id) => {
                self.look_at_bound(id);
                Next::Nothing
            }
            Event::Unlocked(ticket) => {
                self.unlocked(ticket);
                Next::Nothing
            }
            Event::Gone(tab) => {
                self.locks.forget(tab);
                self.grant();
                Next::Nothing
            }
            Event::Begin(tab, actor) => Next::Begin(tab, actor),
            Event::Open => Next::Open,
        })
    }

    fn tab_of(&self, event: Event) -> Option<TabId> {
        match event {
            Event::Effect(id) | Event::Back(id) | Event::Bound(id) => Some(self.asked[id].tab),
            Event::Visible(tab, _) | Event::Begin(tab, _) | Event::Gone(tab) => Some(tab),
            Event::Unlocked(_) | Event::Open => None,
        }
    }

    /// Whether it takes the tab itself.
    fn happens_in_tab(&self, event: Event) -> bool {
        matches!(event, Event::Back(_) | Event::Visible(..) | Event::Bound(_) | Event::Begin(..))
    }

    /// Whether it does not happen when the tab is gone.
    fn is_dead(&self, event: Event) -> bool {
        match event {
            Event::Effect(id) => self.asked[id].is_cut || matches!(self.asked[id].call, Call::Acquire(_)),
            Event::Gone(_) => false,
            _ => self.happens_in_tab(event),
        }
    }

    /// Something may happen to a tab.
    fn befall(&mut self, tab: TabId, event: Event) -> Option<Next> {
        if self.tabs[tab].had_its_share {
            return None;
        }
        let Trouble { crash, sleep, nap, .. } = self.trouble;
        let (Event::Effect(id) | Event::Back(id)) = event else { return None };
        if self.chance.one_in(crash) {
            let [before, after] = self.asked[id].call.crashes();
            let crash = if matches!(event, Event::Effect(_)) { before } else { after };
            self.rules.count(crash);
            self.tell(|| format!("tab {tab}: {crash}"));
            self.crash(tab);
            return Some(Next::Crash(tab));
        }
        if self.tabs[tab].asleep_until > self.now {
            return None;
        }
        let milliseconds = if self.chance.one_in(sleep) {
            self.chance.between(PATIENCE / 2, PATIENCE * 3)
        } else if self.chance.one_in(nap) {
            self.chance.between(1, SHORT_SLEEP / 3)
        } else {
            return None;
        };
        self.tabs[tab].asleep_until = self.now + milliseconds;
        self.rules.sleeps(tab, milliseconds);
        self.tell(|| format!("tab {tab} SLEEPS for {milliseconds}"));
        None
    }

    fn crash(&mut self, tab: TabId) {
        self.tabs[tab].is_gone = true;
        self.rules.crashed(tab, self.moment());
        // What is on its way to the copies of others is not in this tab any more.
        for asked in self.asked.iter_mut().filter(|asked| asked.tab == tab && asked.write.is_none()) {
            asked.is_cut = self.chance.one_in(2);
        }
        let way = self.way("lock");
        self.later(way, Event::Gone(tab));
    }

    fn effect(&mut self, id: CallId) {
        let Asked { tab, job, .. } = self.asked[id];
        if self.asked[id].is_cut {
            return;
        }
        let call = std::mem::replace(&mut self.asked[id].call, Call::Sleep(0));
        let answer = match &call {
            Call::Load(name) => {
                self.rules.looks(job, name, self.now * MOMENTS + self.steps);
                let text = self.store.load(tab, name).to_owned();
                self.tell(|| format!("tab {tab} job {job}: … finds {} {}", short(name), gist(&text)));
                Some(Answer::Text(text))
            }
            Call::Save(name, text) => {
                self.write(id, name, text);
                Some(Answer::Text(String::new()))
            }
            Call::Remove(name) => {
                self.write(id, name, "");
                Some(Answer::Text(String::new()))
            }
            Call::Acquire(bound) => {
                if !matches!(self.asked[id].state, State::Over) {
                    self.locks.queue(id, tab, job, *bound, self.now);
                    self.asked[id].call = call;
                    self.grant();
                    let bound = self.locks.bound_of(id);
                    if let Some(at) = bound {
                        self.rules.count("contention for the lock");
                        self.later(at - self.now, Event::Bound(id));
                    }
                }
                return;
            }
            Call::Send(request) => {
                let trouble = self.trouble;
                let Self { chance, provider, rules, .. } = self;
                let reply = provider.answer(request, job, chance, trouble, rules);
                self.tell(|| format!("provider: {reply:?} for job {job}"));
                match reply {
                    Reply::Response(response) => Some(Answer::Response(Ok(response))),
                    Reply::Failure(code) => Some(Answer::Response(Err(code))),
                    Reply::Silence => None,
                }
            }
            Call::Sleep(_) | Call::Hook(..) => None,
        };
        let kind = call.kind();
        self.asked[id].call = call;
        let is_first = matches!(self.asked[id].state, State::Under(None));
        if let (Some(answer), true) = (answer, is_first) {
            self.asked[id].state = State::Under(Some(answer));
            let way = self.way(kind);
            self.later(way, Event::Back(id));
        }
    }

    fn write(&mut self, id: CallId, name: &str, text: &str) {
        let Asked { job, write, .. } = self.asked[id];
        let before = self.store.truth(name).to_owned();
        self.store.commit(name, text);
        if let Some(write) = write {
            for (at, tab) in self.store.spread(write, &mut self.chance, self.now) {
                // In order for each tab.
                self.at(at, 0, Event::Visible(tab, write));
            }
        }
        self.tell(|| format!("store: {} is now {}", short(name), gist(text)));
        let seconds = self.seconds();
        let now = self.moment();
        self.rules.written(job, name, text, &before, seconds, now);
    }

    fn back(&mut self, id: CallId) -> Next {
        let Asked { tab, granted_at, .. } = self.asked[id];
        if let (true, Call::Acquire(_)) = (self.store.is_delayed, &self.asked[id].call)
            && self.now < granted_at + SETTLING
            && self.store.is_behind(tab, |tab| !self.tabs[tab].is_gone)
        {
            self.rules.count("waits for one's own copy of the store");
            self.later(5, Event::Back(id));
            return Next::Nothing;
        }
        let asked = &mut self.asked[id];
        if let State::Under(answer @ Some(_)) = &mut asked.state {
            let answer = answer.take().unwrap();
            if let (Answer::Response(response), Call::Send(request)) = (&answer, &asked.call)
                && request.url.ends_with("/token")
            {
                self.rules.answered(asked.job, self.now * MOMENTS + self.steps, response.is_err());
            }
            asked.state = State::Back(answer);
            return Next::Poll(asked.tab);
        }
        Next::Nothing
    }

    fn grant(&mut self) {
        while let Some((id, ticket)) = self.locks.next(self.now) {
            self.hand_over(id, ticket);
        }
    }

    fn hand_over(&mut self, id: CallId, ticket: u64) {
        let job = self.asked[id].job;
        self.tell(|| format!("locks: job {job} has it, ticket {ticket}"));
        self.asked[id].state = State::Under(Some(Answer::Text(ticket.to_string())));
        self.asked[id].granted_at = self.now;
        let way = self.way("lock");
        self.later(way, Event::Back(id));
    }

    fn unlocked(&mut self, ticket: u64) {
        self.tell(|| format!("locks: ticket {ticket} is back"));
        self.locks.release(ticket);
        self.grant();
    }

    /// Whoever has waited for one holder for long enough takes the lock.
    fn look_at_bound(&mut self, id: CallId) {
        let Some(at) = self.locks.bound_of(id) else { return };
        if at > self.now {
            self.later(at - self.now, Event::Bound(id));
            return;
        }
        if let Some((holder, ticket)) = self.locks.steal(id, self.now) {
            self.tell(|| format!("locks: taken from job {holder}"));
            self.rules.taken_from(holder);
            self.hand_over(id, ticket);
        }
    }

    /// From now on nothing goes wrong, and nobody sleeps.
    pub(crate) fn calm_down(&mut self) {
        self.now = self.tabs.iter().map(|tab| tab.asleep_until).fold(self.now, u64::max);
        self.trouble = Trouble::default();
        self.pace = Pace::Usual;
    }
}

/// The last part of a name.
pub(crate) fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// What a person wants to know of a text.
fn gist(text: &str) -> String {
    let token = crate::provider::refresh_token_in(text).map(|(family, generation)| format!("r-{family}-{generation}"));
    token.unwrap_or_else(|| text.chars().take(60).collect())
}
