//! Pushed authorization requests (RFC 9126).

use crate::error::Phase;
use crate::protocol::authorize::PARAMETERS;
use crate::protocol::request::Message;

/// Pushes the parameters of an authorization request (section 2).
pub const MESSAGE: Message = Message {
    endpoint: "pushed_authorization_request_endpoint",
    phase: Phase::PushedAuthorization,
    sends: PARAMETERS,
    success: &[201, 200],
    answers: "!request_uri !#expires_in",
    ..Message::FORM
};
