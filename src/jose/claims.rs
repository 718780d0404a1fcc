//! Checks of the claims that every kind of JWT shares (RFC 7519, section 4.1; RFC 8725, sections 3.8 to 3.12).

use crate::error::{Error, ErrorCode, Result, require_equal};
use crate::json::{Json, Kind, Object};
use crate::text::decimal;
use crate::time::Timestamp;

/// An expiry further away than this is milliseconds taken for seconds.
const FIFTY_YEARS: i64 = 50 * 366 * 24 * 60 * 60;

/// What a claim that is missing or of the wrong type is reported as.
pub fn invalid(name: &str) -> Error {
    Error::new(ErrorCode::ClaimInvalid).with("claim", name)
}

/// The types of the registered claims, and which must be there.
pub fn check_types(claims: &Object, table: &[(&'static str, Kind)]) -> Result<()> {
    claims.check(table).map_err(invalid)
}

/// A claim that is a point in time; fractions of a second are cut off.
pub fn time(claims: &Object, name: &'static str) -> Option<Timestamp> {
    claims.number(name).map(Timestamp::from_seconds)
}

/// `iss` is exactly this issuer.
pub fn check_issuer(claims: &Object, issuer: &str) -> Result<()> {
    require_equal(ErrorCode::JwtIssuerMismatch, issuer, claims.str_or_empty("iss"))
}

/// The audiences that `aud` names, as one text or a list of texts.
pub fn audiences(claims: &Object) -> Result<Vec<&str>> {
    let audiences = match claims.get("aud") {
        Some(Json::String(audience)) => Some(vec![audience.as_str()]),
        Some(Json::Array(audiences)) => audiences.iter().map(Json::as_text).collect(),
        _ => None,
    };
    audiences.filter(|audiences| !audiences.is_empty()).ok_or_else(|| invalid("aud"))
}

/// `exp` has not passed, `iat` and `nbf` are not in the future, each within the tolerance in seconds. `exp` and `iat`
/// must be there.
pub fn check_times(claims: &Object, now: Timestamp, tolerance: i64) -> Result<()> {
    let expires_at = time(claims, "exp").filter(|at| at.since(now) <= FIFTY_YEARS).ok_or_else(|| invalid("exp"))?;
    time(claims, "iat").ok_or_else(|| invalid("iat"))?;
    if now >= expires_at.plus(tolerance) {
        return Err(Error::new(ErrorCode::JwtExpired).with("secondsAgo", &decimal(now.since(expires_at))));
    }
    for name in ["iat", "nbf"] {
        if let Some(at) = time(claims, name).filter(|at| *at > now.plus(tolerance)) {
            let ahead = decimal(at.since(now));
            return Err(Error::new(ErrorCode::JwtNotYetValid).with("claim", name).with("secondsAhead", &ahead));
        }
    }
    Ok(())
}
