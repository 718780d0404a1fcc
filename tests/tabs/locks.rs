//! Web Locks, with what `locks.ts` makes of them: who has held the lock for its time while another waits loses it, and only one
//! of those who wait takes it.

use crate::rules::JobId;
use crate::world::{CallId, TabId};
use std::collections::VecDeque;

struct Waiter {
    id: CallId,
    tab: TabId,
    job: JobId,
    bound: u64,
    since: u64,
}

struct Holder {
    ticket: u64,
    tab: TabId,
    job: JobId,
    since: u64,
}

/// There is one name only.
#[derive(Default)]
pub(crate) struct Locks {
    holder: Option<Holder>,
    waiters: VecDeque<Waiter>,
    tickets: u64,
}

impl Locks {
    pub(crate) fn queue(&mut self, id: CallId, tab: TabId, job: JobId, bound: u64, now: u64) {
        self.waiters.push_back(Waiter { id, tab, job, bound, since: now });
    }

    /// Whoever gets the lock now, with its ticket.
    pub(crate) fn next(&mut self, now: u64) -> Option<(CallId, u64)> {
        if self.holder.is_some() {
            return None;
        }
        let waiter = self.waiters.pop_front()?;
        Some(self.hold(waiter, now))
    }

    fn hold(&mut self, waiter: Waiter, now: u64) -> (CallId, u64) {
        self.tickets += 1;
        self.holder = Some(Holder { ticket: self.tickets, tab: waiter.tab, job: waiter.job, since: now });
        (waiter.id, self.tickets)
    }

    /// When this one's patience is over; `None` when it waits no longer.
    pub(crate) fn bound_of(&self, id: CallId) -> Option<u64> {
        let waiter = self.waiters.iter().find(|waiter| waiter.id == id)?;
        let since = self.holder.as_ref().map_or(0, |holder| holder.since).max(waiter.since);
        Some(since + waiter.bound)
    }

    /// Takes the lock from its holder.
    pub(crate) fn steal(&mut self, id: CallId, now: u64) -> Option<(JobId, u64)> {
        let at = self.waiters.iter().position(|waiter| waiter.id == id)?;
        let from = self.holder.take()?.job;
        let waiter = self.waiters.remove(at)?;
        Some((from, self.hold(waiter, now).1))
    }

    pub(crate) fn release(&mut self, ticket: u64) {
        if self.holder.as_ref().is_some_and(|holder| holder.ticket == ticket) {
            self.holder = None;
        }
    }

    /// A tab that is gone holds nothing and waits for nothing.
    pub(crate) fn forget(&mut self, tab: TabId) {
        self.waiters.retain(|waiter| waiter.tab != tab);
        if self.holder.as_ref().is_some_and(|holder| holder.tab == tab) {
            self.holder = None;
        }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.holder.is_none() && self.waiters.is_empty()
    }
}
