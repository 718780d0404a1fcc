//! The client credentials grant (RFC 6749, section 4.4).

use crate::protocol::request::Message;
use crate::protocol::token;

/// A token for the client itself.
pub const MESSAGE: Message = Message { sends: "grant_type=client_credentials scope [resource", ..token::MESSAGE };
