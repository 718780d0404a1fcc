//! Token revocation (RFC 7009).

use crate::error::Phase;
use crate::protocol::request::Message;

/// Ends a token. Success has no body, and is what a token that is not known gets too (section 2.2).
pub const MESSAGE: Message = Message {
    endpoint: "revocation_endpoint",
    phase: Phase::Revocation,
    sends: "!token token_type_hint",
    ..Message::FORM
};
