//! The JWT bearer grant (RFC 7523, section 2.1).

use crate::protocol::request::Message;
use crate::protocol::token;

/// A token for an assertion.
pub const MESSAGE: Message = Message {
    sends: "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer !assertion scope [resource",
    ..token::MESSAGE
};
