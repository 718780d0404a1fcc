//! The only caller of the `Http` seam: one deadline over connection and body.

use crate::client::race::{Either, race};
use crate::error::{ErrorCode, Result};
use crate::http::{HttpRequest, HttpResponse};
use crate::platform::{Http as _, Platform, Timer as _};
use crate::text::cut;
use std::pin::pin;

/// For a timer.
pub(super) fn milliseconds(seconds: i64) -> u32 {
    u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX)
}

/// Sends one request and waits so many seconds. Nothing is sent again by itself.
pub(super) async fn send<P: Platform>(platform: &P, request: HttpRequest, timeout: i64) -> Result<HttpResponse> {
    let place = cut(&request.url, b'?').0.to_owned();
    let answer = pin!(platform.http().send(request));
    let deadline = pin!(platform.timer().sleep(milliseconds(timeout)));
    let answer = match race(answer, deadline).await {
        Either::Left(answer) => answer,
        // Dropping the unfinished answer aborts the request.
        Either::Right(()) => Err(ErrorCode::Timeout.into()),
    };
    answer.map_err(|error| if error.retryable() { error.with("url", &place) } else { error })
}
