//! One schedule: some tabs, what people and timers do in them, and what goes wrong, all from one seed.

use crate::chance::Chance;
use crate::platform::SimulatedTab;
use crate::provider::{CLIENT_ID, ISSUER, LIFE, Provider, REDIRECT_URI, metadata, named, person};
use crate::rules::{Action, JobId, Outcome, Rules};
use crate::store::{BEHIND, Lag};
use crate::world::{Event, MOMENTS, Next, PATIENCE, Pace, SharedWorld, TabId, Trouble, World};
use oidc_wasm::client::{Client, Config, Session, SignInOptions, SignOutOptions};
use oidc_wasm::error::{Error, ErrorCode};
use oidc_wasm::json::{Json, Object};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Events after which a schedule should be over long ago.
const MOST_EVENTS: u64 = 40_000;

/// What tabs share, and by what they take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) has_locks: bool,
    pub(crate) is_delayed: bool,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [
        Self { has_locks: true, is_delayed: false },
        Self { has_locks: true, is_delayed: true },
        Self { has_locks: false, is_delayed: false },
        Self { has_locks: false, is_delayed: true },
    ];
}

/// What a schedule consists of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) tabs: usize,
    pub(crate) pace: Pace,
    pub(crate) trouble: Trouble,
    pub(crate) rounds: usize,
    /// Whether people do more than use their tokens.
    pub(crate) is_lively: bool,
    pub(crate) lag: Lag,
    /// Whether pages may be so slow that a lease cannot tell who was first.
    pub(crate) is_unsteady: bool,
    /// Whether everybody wants a token at the same moment, and nothing else.
    pub(crate) is_rush: bool,
}

impl Plan {
    fn of(chance: &mut Chance, mode: Mode) -> Self {
        let pace = *chance.pick(&[Pace::Instant, Pace::Usual, Pace::Usual, Pace::Slow]);
        let often = |chance: &mut Chance, one_in: u64, times: u64| if chance.one_in(one_in) { times } else { 0 };
        let trouble = Trouble {
            crash: often(chance, 2, 120),
            sleep: often(chance, 3, 150),
            nap: if mode.has_locks { often(chance, 3, 40) } else { 0 },
            lost: often(chance, 5, 6),
            refused: often(chance, 5, 3),
        };
        let (tabs, rounds) = (*chance.pick(&[3, 3, 4, 4, 5, 6, 7, 8]), 1 + usize::from(chance.one_in(4)));
        let lag = if mode.has_locks { Lag::Long } else { Lag::Short };
        let is_lively = !chance.one_in(4);
        Self { mode, tabs, pace, trouble, rounds, is_lively, lag, is_unsteady: false, is_rush: false }
    }

    /// Eight tabs whose token has expired, all at once, on a computer where now and then a page stands still.
    pub(crate) fn of_rush(lag: Option<Lag>, rounds: usize) -> Self {
        let mode = Mode { has_locks: false, is_delayed: lag.is_some() };
        let trouble = Trouble { nap: 1000, ..Trouble::default() };
        let (pace, lag) = (Pace::Usual, lag.unwrap_or(Lag::Usual));
        Self { mode, tabs: 8, pace, trouble, rounds, is_lively: false, lag, is_unsteady: true, is_rush: true }
    }
}

/// What came of a schedule.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) violations: Vec<String>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) longest: u64,
    pub(crate) events: u64,
    pub(crate) story: Option<String>,
}

type Work = Pin<Box<dyn Future<Output = Snapshot>>>;
/// What a page knows of the session: its text for calls, the person, the access token, its expiry, and its family.
type Snapshot = Option<Rc<Known>>;

struct Known {
    expected: String,
    person: usize,
    token: String,
    expires_at: Option<Json>,
    family: usize,
}

/// Somebody who does one thing after the other in a tab.
#[derive(Default)]
struct Actor {
    plan: VecDeque<Action>,
    /// How often it should have begun the next thing and was busy.
    late: usize,
    work: Option<(JobId, Action, Work)>,
}

struct Tab {
    page: SimulatedTab,
    client: Client<SimulatedTab>,
    known: Snapshot,
    actors: Vec<Actor>,
    is_gone: bool,
}

/// What a schedule begins with.
pub(crate) struct Image {
    store: BTreeMap<String, String>,
    provider: Provider,
    keys: BTreeSet<String>,
    known: Snapshot,
}

pub(crate) struct Simulation {
    world: SharedWorld,
    config: Config,
    observer: Client<SimulatedTab>,
    tabs: Vec<Tab>,
    plan: Plan,
}

/// The configuration of every client of a schedule.
pub(crate) fn config(has_proofs: bool) -> Config {
    let options = json!({
        "authority": ISSUER, "clientId": CLIENT_ID, "redirectUri": REDIRECT_URI, "metadata": metadata(),
        "dpop": has_proofs,
    });
    Config::parse(&object(&options.to_string())).unwrap()
}

fn object(text: &str) -> Object {
    Json::parse_object(text.as_bytes()).unwrap()
}

impl Simulation {
    pub(crate) fn new(seed: u64, mode: Mode, config: &Config, with_story: bool) -> Self {
        let mut chance = Chance::new(seed);
        let plan = Plan::of(&mut chance, mode);
        Self::with(plan, chance, config, with_story)
    }

    pub(crate) fn with(plan: Plan, chance: Chance, config: &Config, with_story: bool) -> Self {
        let mut world = World::new(chance, &plan);
        world.rules.is_unsteady = plan.is_unsteady;
        world.rules.behind = if plan.mode.is_delayed { (BEHIND + 25) * MOMENTS } else { 0 };
        world.story = with_story.then(|| format!("{plan:?}\n"));
        let world = Rc::new(RefCell::new(world));
        let observer = Client::new(config.clone(), SimulatedTab::observer(&world));
        Self { world, config: config.clone(), observer, tabs: Vec::new(), plan }
    }

    /// What the store and the provider know after somebody has signed in: every schedule begins with that.
    pub(crate) fn image(config: &Config) -> Image {
        let plan = Plan { tabs: 1, rounds: 0, pace: Pace::Instant, ..Plan::of(&mut Chance::new(0), Mode::ALL[0]) };
        let mut simulation = Self::with(plan, Chance::new(0), config, false);
        let tab = simulation.open_tab();
        simulation.do_now(tab, Action::SignIn(0));
        let known = simulation.tabs[tab].known.clone();
        let world = simulation.world.borrow();
        Image { store: world.store.texts(), provider: world.provider.clone(), keys: world.keys.clone(), known }
    }

    /// Runs the schedule to its end.
    pub(crate) fn run(mut self, image: &Image) -> Report {
        self.begin(image);
        self.run_until_quiet();
        self.come_to_an_end();
        let mut world = self.world.borrow_mut();
        let Rules { violations, counts, longest, .. } = std::mem::take(&mut world.rules);
        Report { violations, counts, longest, events: world.steps, story: world.story.take() }
    }

    fn rules<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> T {
        work(&mut self.world.borrow_mut().rules)
    }

    fn open_tab(&mut self) -> TabId {
        let tab = self.world.borrow_mut().open_tab();
        let page = SimulatedTab::new(&self.world, tab);
        let client = Client::new(self.config.clone(), page.clone());
        let actors = vec![Actor::default(), Actor::default()];
        self.tabs.push(Tab { page, client, known: None, actors, is_gone: false });
        tab
    }

    /// Opens the tabs and says who does what and when.
    fn begin(&mut self, image: &Image) {
        {
            let mut world = self.world.borrow_mut();
            let renews_id_token = world.chance.one_in(4);
            world.provider = image.provider.clone();
            world.provider.renews_id_token = renews_id_token;
            world.store.fill(&image.store);
            world.keys.clone_from(&image.keys);
            world.rules.start(0);
        }
        for _ in 0..self.plan.tabs {
            let tab = self.open_tab();
            self.tabs[tab].known = image.known.clone();
        }
        let mut world = self.world.borrow_mut();
        world.trouble = self.plan.trouble;
        let start = world.now;
        for round in 1..=self.plan.rounds {
            let at = start + round as u64 * (LIFE + 5) * 1000;
            for (tab, opened) in self.tabs.iter_mut().enumerate() {
                for actor in 0..opened.actors.len() {
                    let is_rush = self.plan.is_rush;
                    if is_rush && actor == 0 {
                        opened.actors[actor].plan.push_back(Action::Token);
                        world.later(at - start, Event::Begin(tab, actor));
                    }
                    if is_rush || (actor == 0 && world.chance.one_in(5)) || (actor > 0 && !world.chance.one_in(5)) {
                        continue;
                    }
                    let action = any_action(&mut world.chance, self.plan.is_lively);
                    let spread = *world.chance.pick(&[0, 0, 0, 20, 400, 15_000]);
                    let delay = at - start + world.chance.below(spread + 1);
                    opened.actors[actor].plan.push_back(action);
                    world.later(delay, Event::Begin(tab, actor));
                }
            }
        }
        if self.plan.trouble.crash > 0 {
            let delay = world.chance.below(120_000);
            world.later(delay, Event::Open);
        }
    }

    /// Lets one thing be done in a tab and nothing else begin; what it came to.
    fn do_now(&mut self, tab: TabId, action: Action) {
        self.tabs[tab].actors[0].plan.push_front(action);
        self.world.borrow_mut().later(0, Event::Begin(tab, 0));
        self.run_until_quiet();
    }

    fn run_until_quiet(&mut self) {
        loop {
            let next = self.world.borrow_mut().step();
            let Some(next) = next else { break };
            if self.world.borrow().steps > MOST_EVENTS {
                self.rules(|rules| rules.violations.push("it never comes to an end".to_owned()));
                break;
            }
            match next {
                Next::Nothing => {}
                Next::Poll(tab) => self.poll(tab),
                Next::Begin(tab, actor) => self.begin_action(tab, actor),
                Next::Crash(tab) => {
                    self.tabs[tab].is_gone = true;
                    self.tabs[tab].actors.clear();
                }
                Next::Open => {
                    let tab = self.open_tab();
                    self.tabs[tab].actors[0].plan.extend([Action::Restore, Action::Token]);
                    let mut world = self.world.borrow_mut();
                    world.later(0, Event::Begin(tab, 0));
                    world.later(1, Event::Begin(tab, 0));
                }
            }
            if self.rules(|rules| std::mem::take(&mut rules.is_written)) {
                self.observe();
            }
        }
    }

    /// Who is signed in, for whoever could look right now.
    fn observe(&mut self) {
        let family = at_once(self.observer.session()).as_ref().map(family_of);
        let world = &mut *self.world.borrow_mut();
        let now = world.moment();
        world.rules.observe(family, &world.provider, now);
        world.rules.check_ended(now);
    }

    fn begin_action(&mut self, tab: TabId, actor: usize) {
        let doing = &mut self.tabs[tab].actors[actor];
        if doing.work.is_some() {
            doing.late += 1;
            return;
        }
        let Some(action) = doing.plan.pop_front() else { return };
        let known = self.tabs[tab].known.clone();
        let job = {
            let mut world = self.world.borrow_mut();
            let now = world.moment();
            let person = known.as_ref().map(|known| known.person);
            let job = world.rules.begin(tab, action, person, now);
            world.tell(|| {
                let family = known.as_ref().map(|known| known.family);
                format!("tab {tab} job {job}: {action:?}, knowing of {family:?}")
            });
            job
        };
        let opened = &mut self.tabs[tab];
        let work = Box::pin(work(opened.client.clone(), opened.page.clone(), Rc::clone(&self.world), action, known));
        opened.actors[actor].work = Some((job, action, work));
        self.poll(tab);
    }

    /// Goes on in a tab wherever that is possible.
    fn poll(&mut self, tab: TabId) {
        let context = &mut Context::from_waker(Waker::noop());
        for actor in 0..self.tabs[tab].actors.len() {
            let Some((job, action, mut work)) = self.tabs[tab].actors[actor].work.take() else { continue };
            {
                let mut world = self.world.borrow_mut();
                world.polled = job;
                world.provider.seconds = world.seconds();
            }
            let Poll::Ready(known) = work.as_mut().poll(context) else {
                self.tabs[tab].actors[actor].work = Some((job, action, work));
                continue;
            };
            drop(work);
            let mut world = self.world.borrow_mut();
            if let Some(known) = &known {
                world.rules.has(job, known.family);
            }
            self.tabs[tab].known = known;
            let doing = &mut self.tabs[tab].actors[actor];
            if doing.late > 0 {
                doing.late -= 1;
                world.later(0, Event::Begin(tab, actor));
            }
        }
    }

    /// Afterwards, with nothing going wrong any more: a session that is there is good for another renewal, or is over as
    /// its provider says; without one somebody can sign in. Nobody waits for longer than for one who has gone.
    fn come_to_an_end(&mut self) {
        self.world.borrow_mut().calm_down();
        let left: Vec<TabId> = (0..self.tabs.len()).filter(|tab| !self.tabs[*tab].is_gone).collect();
        for tab in &left {
            self.tabs[*tab].actors.iter_mut().for_each(|actor| actor.plan.clear());
        }
        let one_of = self.world.borrow_mut().chance.below(left.len() as u64 + 1) as usize;
        let tab = left.get(one_of).copied().unwrap_or_else(|| self.open_tab());
        self.tabs[tab].known = None;
        let present = self.rules(|rules| rules.present());
        if let Some(family) = present {
            let is_good = {
                let world = self.world.borrow();
                world.provider.takes(family, world.rules.saved(family))
            };
            let (mut outcome, mut took) = self.finally(tab, Action::Renew);
            if outcome == Outcome::Failed(ErrorCode::RenewalPostponed.as_str()) {
                self.rules(|rules| rules.count("renewals that waited for a provider to recover"));
                self.pass(400_000);
                (outcome, took) = self.finally(tab, Action::Renew);
            }
            let expected =
                if is_good { Outcome::Has(family) } else { Outcome::Failed(ErrorCode::SessionEnded.as_str()) };
            if outcome != expected || took > PATIENCE + 5_000 {
                let wrong = format!("in the end a renewal gives {outcome:?} after {took} ms, and not {expected:?}");
                self.rules(|rules| rules.violations.push(wrong));
            }
            self.rules(|rules| rules.count(if is_good { "sessions that went on" } else { "sessions that ended" }));
        }
        if self.rules(|rules| rules.present()).is_none() && self.world.borrow_mut().chance.one_in(6) {
            let (outcome, took) = self.finally(tab, Action::SignIn(9));
            if !matches!(outcome, Outcome::Has(_)) || took > PATIENCE + 5_000 {
                let wrong = format!("in the end a sign-in gives {outcome:?} after {took} ms");
                self.rules(|rules| rules.violations.push(wrong));
            }
        }
        if !self.world.borrow().locks.is_free() {
            self.rules(|rules| rules.violations.push("a lock is held for ever".to_owned()));
        }
    }

    /// What one thing comes to, and how long it takes.
    fn finally(&mut self, tab: TabId, action: Action) -> (Outcome, u64) {
        let before = self.world.borrow().now;
        self.do_now(tab, action);
        let world = self.world.borrow();
        (world.rules.last_outcome.clone(), (world.rules.last_end / MOMENTS).saturating_sub(before))
    }

    fn pass(&mut self, milliseconds: u64) {
        self.world.borrow_mut().now += milliseconds;
    }
}

/// What people and timers do.
fn any_action(chance: &mut Chance, is_lively: bool) -> Action {
    match chance.below(if is_lively { 100 } else { 60 }) {
        0..36 => Action::Token,
        36..46 => Action::Ahead,
        46..54 => Action::Refused,
        54..60 => Action::Renew,
        60..66 => Action::Look,
        66..70 => Action::Restore,
        70..80 => Action::SignOut { revoke: chance.one_in(3) },
        80..84 => Action::FrontChannel,
        84..92 => Action::SignIn(0),
        _ => Action::SignIn(1),
    }
}

/// One thing that is done in a tab, as the face does it: afterwards the page knows what is stored.
async fn work(
    client: Client<SimulatedTab>,
    page: SimulatedTab,
    world: SharedWorld,
    action: Action,
    known: Snapshot,
) -> Snapshot {
    let outcome = act(&client, &page, &world, action, &known).await;
    let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(error.code().as_str()));
    {
        let world = &mut *world.borrow_mut();
        let job = world.polled;
        world.tell(|| format!("job {job}: {action:?} gives {outcome:?}"));
        let now = world.moment();
        world.rules.end(job, &outcome, &world.provider, now);
    }
    let session = client.session().await?;
    // The same token, the same session.
    let is_same = |known: &Rc<Known>| known.token == session.access_token().expose();
    known.filter(is_same).or_else(|| Some(Rc::new(know(&session))))
}

async fn act(
    client: &Client<SimulatedTab>,
    page: &SimulatedTab,
    world: &SharedWorld,
    action: Action,
    known: &Snapshot,
) -> Result<Outcome, Error> {
    let expected = known.as_ref().map(|known| known.expected.as_str()).unwrap_or_default();
    let none = Object::default();
    let token = match action {
        Action::Token => {
            let ready = client.ready_session(expected, page).await?;
            match client.access_token(&ready, &none)? {
                Some(token) => token,
                None => client.renew(expected, &none, page).await?,
            }
        }
        Action::Renew => client.renew(expected, &object(r#"{"force":true}"#), page).await?,
        Action::Refused | Action::Ahead => {
            let Some(known) = known else { return Ok(Outcome::Nobody) };
            let mut options = Object::default();
            match (action, &known.expires_at) {
                (Action::Ahead, Some(at)) => options.set("expiresAt", at.clone()),
                _ => options.set_text("refused", &known.token),
            }
            client.renew(expected, &options, page).await?
        }
        Action::SignIn(person) => {
            let key = world.borrow_mut().make_key();
            let options = SignInOptions::parse(&object(&json!({ "dpopJkt": key }).to_string()))?;
            let prepared = client.start(options, page).await?;
            let away = world.borrow_mut().chance.below(3);
            page.wait(away).await;
            let url = world.borrow_mut().provider.visit(&prepared.url, person);
            return Ok(Outcome::Has(family_of(&client.finish(&url, page).await?)));
        }
        Action::SignOut { revoke } => {
            let options = SignOutOptions::parse(&object(&json!({ "revoke": revoke }).to_string()))?;
            return client.sign_out(options, page).await.map(|_| Outcome::Done);
        }
        Action::FrontChannel => {
            let Some(known) = known else { return Ok(Outcome::Nobody) };
            let url = format!("https://app.example/bye?iss=https%3A%2F%2Fop.example&sid={}", known.family);
            let is_named = client.front_channel_logout(&url, page).await?;
            return Ok(if is_named { Outcome::Done } else { Outcome::Nobody });
        }
        Action::Restore => return Ok(client.restore(page).await?.as_ref().map_or(Outcome::Nobody, found)),
        Action::Look => return Ok(client.session().await.as_ref().map_or(Outcome::Nobody, found)),
    };
    let (family, _) = named(token.str_or_empty("token"), "a-").unwrap();
    Ok(Outcome::Has(family))
}

fn found(session: &Session) -> Outcome {
    Outcome::Has(family_of(session))
}

fn family_of(session: &Session) -> usize {
    named(session.access_token().expose(), "a-").unwrap().0
}

fn know(session: &Session) -> Known {
    let public = session.public();
    let person = (0..10).find(|number| person(*number) == session.subject()).unwrap();
    Known {
        expected: [public.str_or_empty("id"), "\n", session.subject()].concat(),
        person,
        token: session.access_token().expose().to_owned(),
        expires_at: public.get("expiresAt").cloned(),
        family: family_of(session),
    }
}

/// The result of work that waits for nothing.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("the observer waits"),
    }
}
