//! The device authorization request (RFC 8628, sections 3.1 and 3.2).

use crate::error::{Phase, Result};
use crate::json::Object;
use crate::protocol::policy::DiscoveryPolicy;
use crate::protocol::request::Message;

/// A code for the device, and one for its user.
pub const MESSAGE: Message = Message {
    endpoint: "device_authorization_endpoint",
    phase: Phase::DeviceAuthorization,
    sends: "scope",
    answers: "!device_code !user_code !verification_uri verification_uri_complete !#expires_in #interval",
    ..Message::FORM
};

/// People are sent to the two URLs, so they are as safe as any other that is navigated to.
pub fn check(answer: &Object, policy: &DiscoveryPolicy) -> Result<()> {
    for name in ["verification_uri", "verification_uri_complete"] {
        if let Some(url) = answer.str(name) {
            policy.check_url(name, url)?;
        }
    }
    Ok(())
}
