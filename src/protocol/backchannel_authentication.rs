//! The backchannel authentication request (OpenID Connect CIBA, sections 7.1 and 7.3).

use crate::error::{Phase, Result};
use crate::json::Object;
use crate::protocol::authorize::check_alone;
use crate::protocol::parameters::{Parameters, invalid};
use crate::protocol::request::Message;

/// Asks a person on a device of their own.
pub const MESSAGE: Message = Message {
    endpoint: "backchannel_authentication_endpoint",
    phase: Phase::BackchannelAuthentication,
    sends: "scope client_notification_token acr_values login_hint_token id_token_hint login_hint \
        binding_message user_code #requested_expiry [resource request",
    answers: "!auth_req_id !#expires_in #interval",
    ..Message::FORM
};

/// Everything is in the signed request object, or nothing is (section 7.1.1); without one there is a scope.
pub fn check(options: &Object, form: &Parameters) -> Result<()> {
    if !form.contains("request") {
        return if form.contains("scope") { Ok(()) } else { Err(invalid("scope", "missing")) };
    }
    check_alone("request", "request", options, MESSAGE.sends)
}
