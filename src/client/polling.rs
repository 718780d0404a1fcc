//! Asking again and again until a person has acted (RFC 8628, section 3.5; OpenID Connect CIBA, section 11).

use crate::client::endpoints::Protocol;
use crate::client::send::milliseconds;
use crate::error::{Error, ErrorCode, Result, ServerError};
use crate::json::{Object, Table, entries};
use crate::platform::{Clock as _, Hooks, Platform, Timer as _};
use crate::protocol::parameters::invalid;
use crate::protocol::request::Message;
use crate::text::whole;
use crate::time::Timestamp;

/// Seconds between two requests where the server names none, and what `slow_down` adds for good.
const INTERVAL: i64 = 5;
/// Longest time between two requests, whatever went wrong, in seconds.
const LONGEST: i64 = 60;

/// Options besides those of the grant.
const OPTIONS: Table = "#interval #expiresIn";

impl<P: Platform> Protocol<P> {
    /// Asks; with `again` until there are tokens, or no hope.
    pub(super) async fn poll(
        &self,
        message: &Message,
        options: &Object,
        hooks: &dyn Hooks,
        again: bool,
    ) -> Result<Object> {
        if !again {
            return self.exchange(message, options, hooks, None).await;
        }
        options.check(OPTIONS).map_err(|name| invalid(name, "of the wrong type"))?;
        let mut options = options.clone();
        let mut interval = options.number("interval").unwrap_or(INTERVAL).max(1);
        let begun = self.platform.clock().now();
        let expires_at = options.number("expiresIn").map(|seconds| begun.plus(seconds));
        entries(OPTIONS).into_iter().for_each(|(_, _, name)| drop(options.remove(name)));
        let mut wait = interval;
        loop {
            self.platform.timer().sleep(milliseconds(wait)).await;
            if expires_at.is_some_and(|at| self.platform.clock().now() >= at) {
                return Err(ErrorCode::PollingExpired.into());
            }
            let error = match self.exchange(message, &options, hooks, None).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            wait = match error.server().map(|server| server.error.as_str()) {
                Some("authorization_pending") => interval,
                Some("slow_down") => {
                    interval = interval.saturating_add(INTERVAL);
                    interval
                }
                Some("expired_token") => return Err(expired(&error)),
                // No answer, or a server in trouble: the code is still good (RFC 8628, section 3.5).
                _ if error.retryable() => {
                    let now = self.platform.clock().now();
                    let asked = self.retry_after(error.detail("retryAfter"), now).unwrap_or(0);
                    wait.saturating_mul(2).min(LONGEST).max(asked.min(LONGEST)).max(interval)
                }
                _ => return Err(error),
            };
        }
    }

    /// Seconds, or the time until a date (RFC 9110, section 10.2.3).
    pub(super) fn retry_after(&self, text: &str, now: Timestamp) -> Option<i64> {
        whole(text).or_else(|| Some(self.platform.clock().parse_http_date(text)?.since(now)))
    }
}

fn expired(error: &Error) -> Error {
    let server = error.server().cloned().unwrap_or_else(|| ServerError::new("", None, None));
    Error::new(ErrorCode::PollingExpired).with_status(error.status().unwrap_or_default()).with_server(server)
}
