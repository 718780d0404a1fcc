//! Which requests to APIs may carry the access token.

use crate::client::Client;
use crate::error::{During as _, Error, ErrorCode, Phase, Result};
use crate::platform::Platform;
use crate::protocol::userinfo::bearer;
use crate::secret::Secret;
use crate::text::cut;
use crate::url::HttpUrl;

impl<P: Platform> Client<P> {
    /// The `Authorization` header for a URL as it will be fetched. Only servers named in `allowedOrigins` get one
    /// (RFC 9700, section 4.9.1).
    pub fn authorization_for(&self, url: &str) -> Result<Secret> {
        self.check_destination(url)
            .and_then(|()| self.usable_session(0))
            .map(|session| bearer(&session.access_token()))
            .during(Phase::Fetch)
    }

    fn check_destination(&self, url: &str) -> Result<()> {
        let refuse = |detail: &str| Err(Error::new(ErrorCode::OriginNotAllowed).with("url", detail));
        let parsed = match HttpUrl::parse(url) {
            Ok(parsed) => parsed,
            Err(problem) => return refuse(problem.as_str()),
        };
        if parsed.is_below_any(self.config.allowed_origins()) {
            return Ok(());
        }
        // Without query and fragment: those may hold secrets of the application.
        refuse(cut(cut(url, b'#').0, b'?').0)
    }
}
