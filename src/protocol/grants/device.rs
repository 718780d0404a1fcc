//! The device code grant (RFC 8628, section 3.4).

use crate::protocol::request::Message;
use crate::protocol::token;

/// A token for a device whose user has agreed elsewhere.
pub const MESSAGE: Message =
    Message { sends: "grant_type=urn:ietf:params:oauth:grant-type:device_code !device_code", ..token::MESSAGE };
