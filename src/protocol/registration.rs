//! Dynamic client registration (RFC 7591; OpenID Connect Dynamic Client Registration) and its management (RFC 7592).

use crate::error::{Phase, Result};
use crate::http::Method;
use crate::json::Object;
use crate::protocol::parameters::invalid;
use crate::protocol::request::{Message, Takes};

const ANSWERS: &str = "!client_id client_secret registration_access_token registration_client_uri #client_id_issued_at \
    #client_secret_expires_at software_statement";

/// Registers a client (RFC 7591, section 3).
pub const REGISTER: Message = Message {
    endpoint: "registration_endpoint",
    phase: Phase::Registration,
    method: Method::Post,
    options: "!{clientMetadata initialAccessToken",
    bearer: "initialAccessToken",
    success: &[201, 200],
    answers: ANSWERS,
    ..Message::DOCUMENT
};

/// Reads a registration (RFC 7592, section 2.1).
pub const READ: Message = Message {
    method: Method::Get,
    takes: Takes::OnlyHeaders,
    options: "!registrationClientUri !registrationAccessToken ?dangerousAllowHttp",
    bearer: "registrationAccessToken",
    success: &[200],
    ..REGISTER
};

/// Replaces a registration (RFC 7592, section 2.2).
pub const UPDATE: Message = Message {
    method: Method::Put,
    options: "!registrationClientUri !registrationAccessToken ?dangerousAllowHttp !clientId !{clientMetadata",
    ..READ
};

/// Ends a registration (RFC 7592, section 2.3).
pub const DELETE: Message = Message { method: Method::Delete, success: &[204], answers: "", ..READ };

/// The body: the metadata without what only a server may set (RFC 7592, section 2.2), and with the client it is about.
pub fn body(options: &Object) -> Result<Object> {
    let mut body = options.object("clientMetadata").cloned().unwrap_or_default();
    if let Some(client_id) = options.str("clientId") {
        if body.str("client_id").is_some_and(|known| known != client_id) {
            return Err(invalid("clientId", "another one in clientMetadata"));
        }
        body.set_text("client_id", client_id);
        let own = ["registration_access_token", "registration_client_uri", "client_secret_expires_at"];
        own.into_iter().chain(["client_id_issued_at"]).for_each(|name| drop(body.remove(name)));
    }
    Ok(body)
}
