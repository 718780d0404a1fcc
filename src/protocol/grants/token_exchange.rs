//! Token exchange (RFC 8693, section 2).

use crate::error::Result;
use crate::protocol::parameters::{Parameters, invalid};
use crate::protocol::request::Message;
use crate::protocol::token;

/// Another token for a token.
pub const MESSAGE: Message = Message {
    sends: "grant_type=urn:ietf:params:oauth:grant-type:token-exchange !subject_token \
        !subject_token_type [resource [audience scope requested_token_type actor_token \
        actor_token_type",
    // What kind of token it is must be told (section 2.2.1).
    answers: "!issued_token_type !access_token !token_type #expires_in scope id_token refresh_token",
    ..token::MESSAGE
};

/// The type of the actor's token is there exactly when the token is (section 2.1).
pub fn check(form: &Parameters) -> Result<()> {
    if form.contains("actor_token") == form.contains("actor_token_type") {
        Ok(())
    } else {
        Err(invalid("actorTokenType", "goes with actorToken"))
    }
}
