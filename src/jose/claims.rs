//! Checks of the claims that every kind of JWT shares (RFC 7519, section 4.1; RFC 8725, sections 3.8 to 3.12).

use crate::error::{Error, ErrorCode, Result, require_equal};
use crate::json::{Json, Object, Table};
use crate::text::decimal;
use crate::time::Timestamp;

/// An expiry further away than this is milliseconds taken for seconds.
const FIFTY_YEARS: i64 = 50 * 366 * 24 * 60 * 60;

/// Tolerated difference of clocks in seconds, from options that may name it.
pub fn tolerance(options: &Object) -> i64 {
    options.number("clockToleranceSeconds").unwrap_or(60)
}

/// What a claim that is missing or of the wrong type is reported as.
pub fn invalid(name: &str) -> Error {
    Error::new(ErrorCode::ClaimInvalid).with("claim", name)
}

/// The types of the registered claims, and which must be there.
pub fn check_types(claims: &Object, table: Table) -> Result<()> {
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

/// The audiences are this client and nobody who is not trusted (OpenID Connect Core, section 3.1.3.7, step 3); gives
/// their number.
pub fn check_audience(claims: &Object, client_id: &str, trusted: &[Json]) -> Result<usize> {
    let audiences = audiences(claims)?;
    let is_trusted = |audience: &str| trusted.iter().any(|trusted| trusted.as_text() == Some(audience));
    let stranger = audiences.iter().find(|audience| **audience != client_id && !is_trusted(audience));
    if let Some(stranger) = stranger.or(audiences.first().filter(|_| !audiences.contains(&client_id))) {
        require_equal(ErrorCode::JwtAudienceMismatch, client_id, stranger)?;
    }
    Ok(audiences.len())
}

/// `aud` names this client, whoever else it names.
pub fn check_for(claims: &Object, client_id: &str) -> Result<()> {
    if audiences(claims)?.contains(&client_id) {
        return Ok(());
    }
    Err(ErrorCode::JwtAudienceMismatch.into())
}

/// `exp` has not passed, `iat` and `nbf` are not in the future, each within the tolerance in seconds. `exp` and `iat`
/// must be there.
pub fn check_times(claims: &Object, now: Timestamp, tolerance: i64) -> Result<()> {
    for name in ["exp", "iat"] {
        time(claims, name).ok_or_else(|| invalid(name))?;
    }
    check_window(claims, now, tolerance)
}

/// The same for those of the three that are there.
pub fn check_window(claims: &Object, now: Timestamp, tolerance: i64) -> Result<()> {
    if let Some(expires_at) = time(claims, "exp") {
        if expires_at.since(now) > FIFTY_YEARS {
            return Err(invalid("exp"));
        }
        if now >= expires_at.plus(tolerance) {
            return Err(Error::new(ErrorCode::JwtExpired).with("secondsAgo", &decimal(now.since(expires_at))));
        }
    }
    for name in ["iat", "nbf"] {
        if let Some(at) = time(claims, name).filter(|at| *at > now.plus(tolerance)) {
            let ahead = decimal(at.since(now));
            return Err(Error::new(ErrorCode::JwtNotYetValid).with("claim", name).with("secondsAhead", &ahead));
        }
    }
    Ok(())
}
