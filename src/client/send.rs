//! The only caller of the `Http` seam: one deadline over connection and body.

use crate::client::race::{Either, race};
use crate::error::{ErrorCode, Result};
use crate::http::{HttpRequest, HttpResponse};
use crate::platform::{Http as _, Platform, Timer as _};
use std::pin::pin;

/// Sends one request and waits so many seconds. Nothing is sent again by itself.
pub(super) async fn send<P: Platform>(platform: &P, request: HttpRequest, timeout: i64) -> Result<HttpResponse> {
    let answer = pin!(platform.http().send(request));
    let deadline = pin!(platform.timer().sleep(u32::try_from(timeout).unwrap_or_default()));
    match race(answer, deadline).await {
        Either::Left(answer) => answer,
        // Dropping the unfinished answer aborts the request.
        Either::Right(()) => Err(ErrorCode::Timeout.into()),
    }
}
