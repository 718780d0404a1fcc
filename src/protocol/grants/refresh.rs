//! The refresh token grant (RFC 6749, section 6).

use crate::protocol::request::Message;
use crate::protocol::token;

/// New tokens for a refresh token.
pub const MESSAGE: Message =
    Message { sends: "grant_type=refresh_token !refresh_token scope [resource", ..token::MESSAGE };
