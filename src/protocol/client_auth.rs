//! How a client proves who it is (RFC 6749, section 2.3; RFC 7523, section 2.2; OpenID Connect Core, section 9;
//! RFC 8705, section 2).

use crate::encoding::percent_encode;
use crate::error::{ErrorCode, Result};
use crate::json::{Json, Object};
use crate::protocol::parameters::{Parameters, invalid};
use crate::protocol::request::checked;
use crate::secret::Secret;
use crate::text::concat;
use crate::time::Timestamp;

/// How long an assertion is good, in seconds.
const LIFETIME: i64 = 60;
/// RFC 7523, section 2.2.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const OPTIONS: &str = "!method clientSecret encoding algorithm keyId audience assertion assertionType";

/// What is left to do, or done.
#[derive(Debug)]
pub enum Step {
    /// Nothing: the form says who it is.
    Done,
    /// Send this in the `Authorization` header.
    Header(Secret),
    /// Let the browser show its certificate.
    Certificate,
    /// Sign a JWT with this header, then give it to [`add_assertion`].
    Sign(Object, Option<String>),
    /// Ask the application for an assertion of this type, then give it to [`add_assertion`].
    Ask(String),
}

/// Whether the client authenticates by certificate.
pub fn by_certificate(options: &Object) -> bool {
    options.object("clientAuthentication").is_some_and(|authentication| {
        matches!(authentication.str("method"), Some("tls_client_auth" | "self_signed_tls_client_auth"))
    })
}

/// Adds what the method puts into the form. `client_id` may be there already; another one may not.
pub fn apply(options: &Object, form: &mut Parameters) -> Result<Step> {
    let client_id = options.str_or_empty("clientId");
    let Some(authentication) = options.object("clientAuthentication") else {
        return add_client_id(form, client_id).map(|()| Step::Done);
    };
    if client_id.is_empty() {
        return Err(invalid("clientId", "missing"));
    }
    let given = checked(authentication, OPTIONS, ErrorCode::InvalidArgument)?;
    let needs = |name: &'static str| given.str(name).ok_or_else(|| invalid(name, "missing"));
    let step = match given.str_or_empty("method") {
        "client_secret_basic" => {
            let secret = needs("clientSecret")?;
            return Ok(Step::Header(basic(client_id, secret, given.str("encoding"))?));
        }
        "none" => Step::Done,
        "client_secret_post" => {
            add_client_id(form, client_id)?;
            add_own(form, "client_secret", needs("clientSecret")?)?;
            Step::Done
        }
        "client_secret_jwt" | "private_key_jwt" => {
            let mut header = Object::default();
            header.set_text("alg", needs("algorithm")?);
            header.set_text("typ", "JWT");
            if let Some(key_id) = given.str("keyId") {
                header.set_text("kid", key_id);
            }
            Step::Sign(header, given.str("audience").map(str::to_owned))
        }
        "client_assertion" => {
            let kind = given.str("assertionType").unwrap_or(JWT_BEARER);
            match given.str("assertion") {
                Some(assertion) => add_assertion(form, client_id, kind, assertion).map(|()| Step::Done)?,
                None => Step::Ask(kind.to_owned()),
            }
        }
        "tls_client_auth" | "self_signed_tls_client_auth" => Step::Certificate,
        _ => return Err(invalid("method", "unknown")),
    };
    if matches!(step, Step::Done | Step::Certificate) {
        add_client_id(form, client_id)?;
    }
    Ok(step)
}

/// Adds an assertion, and `client_id` for servers that look for it.
pub fn add_assertion(form: &mut Parameters, client_id: &str, kind: &str, assertion: &str) -> Result<()> {
    if assertion.is_empty() {
        return Err(ErrorCode::HookFailed.into());
    }
    add_client_id(form, client_id)?;
    add_own(form, "client_assertion_type", kind)?;
    add_own(form, "client_assertion", assertion)
}

/// The claims of an assertion of our own (OpenID Connect Core, section 9).
pub fn claims(client_id: &str, audience: &str, id: &str, now: Timestamp) -> Object {
    let mut claims = Object::default();
    claims.set_text("iss", client_id);
    claims.set_text("sub", client_id);
    claims.set_text("aud", audience);
    claims.set_text("jti", id);
    claims.set("iat", Json::from(now.seconds()));
    claims.set("exp", Json::from(now.plus(LIFETIME).seconds()));
    claims
}

/// The value of an `Authorization` header: both parts form-encoded first (RFC 6749, section 2.3.1), or as they are for
/// servers that never decode them (RFC 2617, section 2).
pub fn basic(client_id: &str, secret: &str, encoding: Option<&str>) -> Result<Secret> {
    let mut text = String::new();
    match encoding {
        None | Some("rfc6749") => {
            percent_encode(&mut text, client_id, "+");
            text.push(':');
            percent_encode(&mut text, secret, "+");
        }
        Some("rfc2617") if !client_id.bytes().any(|byte| byte == b':') => {
            text = concat(&[client_id, ":", secret]);
        }
        Some("rfc2617") => return Err(invalid("clientId", "has a colon")),
        Some(_) => return Err(invalid("encoding", "unknown")),
    }
    Ok(Secret::new(concat(&["Basic ", &crate::encoding::base64(text.as_bytes())])))
}

fn add_own(form: &mut Parameters, name: &str, value: &str) -> Result<()> {
    if form.contains(name) {
        return Err(invalid(name, "also in parameters"));
    }
    form.add(name, value);
    Ok(())
}

fn add_client_id(form: &mut Parameters, client_id: &str) -> Result<()> {
    match form.get("client_id") {
        Some(known) if known == client_id || client_id.is_empty() => {}
        Some(_) => return Err(invalid("clientId", "also in parameters")),
        None if client_id.is_empty() => {}
        None => form.add("client_id", client_id),
    }
    Ok(())
}
