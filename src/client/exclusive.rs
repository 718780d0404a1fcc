//! One at a time, of all tabs that share a session: by the browser's locks, or by a lease in the store where there are
//! none. Nobody waits for ever: whoever has not come back in time is passed over.

use crate::client::send::milliseconds;
use crate::client::session::SESSION;
use crate::client::{Client, Session};
use crate::error::{Error, ErrorCode, Phase, Result};
use crate::platform::{Clock as _, Locks as _, Platform, Random as _, Timer as _};
use crate::protocol::state::random_value;
use crate::text::{concat, cut, decimal, whole};
use crate::time::Timestamp;
use std::rc::Rc;

/// How long to wait between two looks, in milliseconds, and how many looks a lease has to stand before it counts: tabs that
/// wrote at the same time have seen by then whose text has stayed. A slow store makes it longer for all alike.
const PAUSE: u8 = 50;
const LOOKS: u8 = 3;

/// The text of the lease in the session store.
const LEASE: &str = "lease";

/// What one of all tabs has. A lock goes when this goes; a lease stays until it is given back, or its time is over.
pub(super) struct Turn<P: Platform> {
    platform: Rc<P>,
    ticket: String,
    /// The text of the lease; empty with a lock.
    lease: String,
    since: Timestamp,
}

impl<P: Platform> Drop for Turn<P> {
    fn drop(&mut self) {
        self.platform.locks().release(&self.ticket);
    }
}

impl<P: Platform> Client<P> {
    /// The longest that anybody waits, in seconds: longer than whoever has the turn may take for the token request and
    /// for what comes after it.
    fn patience(&self) -> i64 {
        self.config.timeout().saturating_mul(2).saturating_add(2)
    }

    /// Waits until it is this tab's turn.
    pub(super) async fn take_turn(&self) -> Result<Turn<P>> {
        let name = self.config.record_name(SESSION);
        let ticket = self.platform.locks().acquire(&name, milliseconds(self.patience())).await;
        let ticket = ticket.map_err(|_| Error::new(ErrorCode::Timeout).during(Phase::Storage))?;
        let platform = Rc::clone(&self.platform);
        let mut turn = Turn { platform, ticket, lease: String::new(), since: self.platform.clock().now() };
        if turn.ticket.is_empty() {
            (turn.lease, turn.since) = self.lease().await?;
        }
        Ok(turn)
    }

    /// Whether others may have stopped waiting by the time a request is answered that is sent now: a tab that was asleep
    /// in its turn finds that it is over.
    pub(super) fn is_over(&self, turn: &Turn<P>) -> bool {
        self.has_slept(turn.since, 1)
    }

    /// Whether others may have gone on already.
    pub(super) fn is_lost(&self, turn: &Turn<P>) -> bool {
        self.has_slept(turn.since, 2)
    }

    fn has_slept(&self, since: Timestamp, timeouts: i64) -> bool {
        let most = self.config.timeout().saturating_mul(timeouts);
        self.platform.clock().now().since(since).unsigned_abs() > most.unsigned_abs()
    }

    /// The session there is now, for whoever compares and then writes without waiting for anything else: a tab that fell
    /// asleep while it read reads again, because others may have passed it over.
    pub(super) async fn latest_session(&self) -> Option<Session> {
        loop {
            let since = self.platform.clock().now();
            let session = self.session().await;
            if !self.has_slept(since, 1) {
                return session;
            }
        }
    }

    /// Lets the next one in.
    pub(super) async fn end_turn(&self, turn: &mut Turn<P>) -> Result<()> {
        self.platform.locks().release(&turn.ticket);
        if turn.lease.is_empty() {
            return Ok(());
        }
        if self.load_now(LEASE).await? == turn.lease {
            self.save(LEASE, "").await?;
        }
        Ok(())
    }

    /// The text of a lease, and since when it is this tab's.
    async fn lease(&self) -> Result<(String, Timestamp)> {
        loop {
            let seed = self.platform.random().seed()?;
            let held = self.load_now(LEASE).await?;
            let now = self.platform.clock().now();
            // One that ends later than any that begins now was written by another clock.
            let left = whole(cut(&held, b' ').0).map_or(0, |until| Timestamp::from_seconds(until).since(now));
            let is_free = left <= 0 || left > self.patience();
            let until = decimal(now.plus(self.patience()).seconds());
            let ours = concat(&[&until, " ", &random_value(seed)]);
            if is_free {
                self.save(LEASE, &ours).await?;
            }
            let chance = u32::from(seed.first().copied().unwrap_or_default()) >> 2;
            let mut stands = is_free;
            for _ in 0..LOOKS {
                self.platform.timer().sleep(u32::from(PAUSE).saturating_add(chance)).await;
                stands = stands && self.load(LEASE).await? == ours;
                if !stands {
                    break;
                }
            }
            if stands {
                return Ok((ours, now));
            }
        }
    }
}
