//! Metadata of protected resources (RFC 9728).

use crate::error::{ErrorCode, Phase, Result, require_equal};
use crate::json::Object;
use crate::protocol::discovery;
use crate::protocol::policy::DiscoveryPolicy;
use crate::protocol::request::{Message, Takes};

/// The name of the document below `/.well-known/` (section 3).
pub const WELL_KNOWN: &str = "oauth-protected-resource";

/// Asks a resource which authorization servers it trusts.
pub const MESSAGE: Message = Message {
    phase: Phase::ProtectedResource,
    takes: Takes::OnlyHeaders,
    options: "!resource address ?dangerousAllowHttp",
    answers: "!resource [authorization_servers jwks_uri [scopes_supported [bearer_methods_supported",
    ..Message::DOCUMENT
};

/// Where the document is: as given, or at its well-known place.
pub fn url(options: &Object) -> Result<String> {
    let resource = options.str_or_empty("resource");
    let url = match options.str("address") {
        Some(address) => address.to_owned(),
        None => discovery::insert(resource, WELL_KNOWN)?,
    };
    let policy = DiscoveryPolicy::of(options);
    policy.check_url("resource", resource)?;
    policy.check_url("address", &url)?;
    Ok(url)
}

/// The document is about the resource that was asked for, character for character (section 3.3).
pub fn check(document: &Object, resource: &str) -> Result<()> {
    require_equal(ErrorCode::ResourceMismatch, resource, document.str_or_empty("resource"))
}
