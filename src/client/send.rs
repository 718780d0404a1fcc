//! The only caller of the `Http` seam: one deadline over connection and body.

use crate::client::Client;
use crate::client::race::{Either, race};
use crate::error::{ErrorCode, Result};
use crate::http::{HttpRequest, HttpResponse};
use crate::platform::{Http as _, Platform, Timer as _};
use std::pin::pin;

impl<P: Platform> Client<P> {
    /// Sends one request. Nothing is sent again by itself.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let answer = pin!(self.platform.http().send(request));
        let deadline = pin!(self.platform.timer().sleep(self.config.timeout()));
        match race(answer, deadline).await {
            Either::Left(answer) => answer,
            // Dropping the unfinished answer aborts the request.
            Either::Right(()) => Err(ErrorCode::Timeout.into()),
        }
    }
}
