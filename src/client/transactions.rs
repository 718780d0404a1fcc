//! Sign-ins and sign-outs under way in this tab: ONE record, so that taking an entry is one step.

use crate::client::Client;
use crate::error::{During as _, Phase, Result};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Platform, Store as _};
use crate::time::Timestamp;

/// How long a sign-in may take, in seconds.
const LIFETIME: i64 = 10 * 60;
/// Most entries of each kind; the oldest go first.
const MAX_ENTRIES: usize = 10;

const LOGINS: &str = "logins";
const LOGOUTS: &str = "logouts";
const PROCESSED: &str = "processed";
const FAILURES: &str = "failures";
/// So many failures in so many seconds are enough.
const MOST_FAILURES: usize = 3;
const FAILING: i64 = 60;

/// What has to be remembered between the two halves of a sign-in: `state`, `nonce`, `verifier`, `redirectUri`,
/// `begunAt`, `algorithm`, `maxAge`, `appState`, the thumbprint `jkt` of its key, and the `metadata` the request was built from: the code goes to that
/// token endpoint and no other (RFC 9700, section 4.4.2).
pub(super) const LOGIN: &str =
    "!state !nonce !verifier !redirectUri !algorithm #begunAt #maxAge {metadata jkt scope subject dpopNonce";

/// What became of the sign-in that a response names.
pub(super) enum Taken {
    /// It was waiting, and is now removed.
    Pending(Object),
    /// It took too long, and is now removed.
    Expired,
    /// Its response was used before.
    Processed,
    /// No such sign-in was begun in this tab.
    Unknown,
}

impl<P: Platform> Client<P> {
    /// Keeps a sign-in for the way back.
    pub(super) fn keep_login(&self, login: Object) -> Result<()> {
        self.keep(LOGINS, login)
    }

    /// Takes the sign-in of a response: read, removed and marked as used in one step, before anything can wait.
    pub(super) fn take_login(&self, state: &str) -> Result<Taken> {
        let mut record = self.load_transactions();
        let Some(login) = remove(&mut record, LOGINS, state) else {
            let used = remove(&mut record, PROCESSED, state).is_some();
            return Ok(if used { Taken::Processed } else { Taken::Unknown });
        };
        let mut processed = Object::default();
        processed.set_text("state", state);
        push(&mut record, PROCESSED, processed);
        self.save_transactions(record)?;
        if login.check(LOGIN).is_err() {
            return Ok(Taken::Unknown);
        }
        let begun_at = Timestamp::from_seconds(login.number("begunAt").unwrap_or_default());
        let age = self.platform.clock().now().since(begun_at);
        Ok(if (0..LIFETIME).contains(&age) { Taken::Pending(login) } else { Taken::Expired })
    }

    /// Whether the response to a sign-in was used before.
    pub(super) fn was_processed(&self, state: &str) -> bool {
        remove(&mut self.load_transactions(), PROCESSED, state).is_some()
    }

    /// Remembers that a sign-in has failed; one that succeeds makes up for all of them.
    pub(super) fn count_failure(&self, has_failed: bool) {
        let mut record = self.load_transactions();
        if has_failed {
            let mut failure = Object::default();
            failure.set("at", self.platform.clock().now().seconds().into());
            push(&mut record, FAILURES, failure);
        } else if record.remove(FAILURES).is_none() {
            return;
        }
        // Where nothing can be kept, no sign-in can begin either.
        let _ = self.save_transactions(record);
    }

    /// Whether sign-ins of this tab fail again and again.
    pub(super) fn keeps_failing(&self) -> bool {
        let now = self.platform.clock().now();
        let record = self.load_transactions();
        let at = |failure: &Json| failure.as_object()?.number("at").map(Timestamp::from_seconds);
        let recent = record.list(FAILURES).iter().filter_map(at).filter(|at| (0..FAILING).contains(&now.since(*at)));
        recent.count() >= MOST_FAILURES
    }

    /// Keeps a sign-out for the way back.
    pub(super) fn keep_logout(&self, state: &str, return_to: &str) -> Result<()> {
        let mut logout = Object::default();
        logout.set_text("state", state);
        logout.set_text("returnTo", return_to);
        self.keep(LOGOUTS, logout)
    }

    /// Takes the sign-out that has this state, if one expects the browser back: where it expects it.
    pub(super) fn take_logout(&self, state: &str) -> Result<Option<String>> {
        let mut record = self.load_transactions();
        let Some(logout) = remove(&mut record, LOGOUTS, state) else { return Ok(None) };
        self.save_transactions(record)?;
        Ok(logout.str("returnTo").map(str::to_owned))
    }

    fn keep(&self, kind: &str, entry: Object) -> Result<()> {
        let mut record = self.load_transactions();
        push(&mut record, kind, entry);
        self.save_transactions(record)
    }

    /// What storage holds is input like any other: a record that does not read is as good as none.
    fn load_transactions(&self) -> Object {
        let text = self.platform.tab_store().load(&self.config.record_name("transactions")).ok().flatten();
        text.and_then(|text| Json::parse_record(&text)).unwrap_or_default()
    }

    fn save_transactions(&self, record: Object) -> Result<()> {
        let name = self.config.record_name("transactions");
        self.platform.tab_store().save(&name, &Json::from(record).to_text()).during(Phase::Storage)
    }
}

fn push(record: &mut Object, kind: &str, entry: Object) {
    let mut list = record.list(kind).to_vec();
    list.push(entry.into());
    if list.len() > MAX_ENTRIES {
        list.remove(0);
    }
    record.set(kind, Json::Array(list));
}

fn remove(record: &mut Object, kind: &str, state: &str) -> Option<Object> {
    let mut list = record.list(kind).to_vec();
    let index =
        list.iter().position(|entry| entry.as_object().is_some_and(|entry| entry.str("state") == Some(state)))?;
    let entry = list.remove(index);
    record.set(kind, Json::Array(list));
    if let Json::Object(entry) = entry { Some(entry) } else { None }
}
