//! The backchannel authentication grant (OpenID Connect CIBA, section 10.1).

use crate::protocol::request::Message;
use crate::protocol::token;

/// A token for a person who has agreed on a device of their own.
pub const MESSAGE: Message =
    Message { sends: "grant_type=urn:openid:params:grant-type:ciba !auth_req_id [resource", ..token::MESSAGE };
