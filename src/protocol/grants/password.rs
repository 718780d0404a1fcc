//! The password grant (RFC 6749, section 4.3), which OAuth 2.1 leaves out: for servers that know nothing better.

use crate::protocol::request::Message;
use crate::protocol::token;

/// A token for a name and a password.
pub const MESSAGE: Message =
    Message { sends: "grant_type=password !username +password scope [resource", ..token::MESSAGE };
