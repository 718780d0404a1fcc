//! What an ID Token must say (OpenID Connect Core, sections 2, 3.1.3.7 and 3.1.3.8). Its signature comes first:
//! [`Jws::into_verified_claims`](crate::jose::Jws::into_verified_claims) hands over the claims checked here.

use crate::encoding::{base64url, constant_time_eq};
use crate::error::{Error, ErrorCode, Phase, Result, require_equal};
use crate::jose::{Algorithm, Jws, check_type, claims};
use crate::json::{Object, Table};
use crate::secret::redacted;
use crate::text::decimal;
use crate::time::Timestamp;

/// Longest subject (OpenID Connect Core, section 2).
const MAX_SUBJECT: usize = 255;
/// Values of `typ` that say outright that a JWT is an ID Token; anything else but absence is another kind of token.
const TYPES: &str = "JWT id_token+jwt";

/// Algorithms of ID Tokens, and of logout tokens with them.
pub const ALGORITHMS: &str = "id_token_signing_alg_values_supported";

const CLAIMS: Table = "!iss !sub #exp #iat #nbf #auth_time nonce azp at_hash c_hash s_hash";

/// Something that an ID Token may speak for by a hash (OpenID Connect Core, sections 3.1.3.6 and 3.3.2.11).
#[derive(Debug)]
pub struct TokenHash {
    /// The option with the text.
    pub option: &'static str,
    claim: &'static str,
    mismatch: ErrorCode,
    /// The option that demands the claim; empty where it always is.
    demanded_by: &'static str,
}

impl TokenHash {
    /// Access token, code and state.
    pub const ALL: &'static [Self] = &[
        Self {
            option: "accessToken",
            claim: "at_hash",
            mismatch: ErrorCode::AccessTokenHashMismatch,
            demanded_by: "requireAtHash",
        },
        Self { option: "code", claim: "c_hash", mismatch: ErrorCode::CodeHashMismatch, demanded_by: "" },
        Self { option: "state", claim: "s_hash", mismatch: ErrorCode::StateHashMismatch, demanded_by: "" },
    ];
}

/// What a claim with a hash holds: its left half.
pub fn hash_value(digest: &[u8]) -> String {
    base64url(digest.get(..digest.len() / 2).unwrap_or_default())
}

/// A kind of token that is validated: what options there are for it, and what it must say.
pub struct TokenKind {
    /// What its validation is called.
    pub operation: &'static str,
    /// The options.
    pub options: Table,
    /// The one with the token.
    pub option: &'static str,
    /// What the validation is called in errors.
    pub phase: Phase,
    /// Values of `typ` that it may have.
    pub types: &'static str,
    /// The member of the provider's metadata with the algorithms that it signs them with.
    pub algorithms: &'static str,
    /// Checks the claims of a token whose signature was found good.
    pub check_claims: CheckClaims,
}

type CheckClaims = fn(&Object, &Object, &[(&TokenHash, String)], Timestamp) -> Result<()>;

redacted!(TokenKind);

/// ID Tokens.
pub const KIND: TokenKind = TokenKind {
    operation: "validate_id_token",
    options: OPTIONS,
    option: "idToken",
    phase: Phase::IdToken,
    types: TYPES,
    algorithms: ALGORITHMS,
    check_claims,
};

impl TokenKind {
    /// What can be told from the header: an algorithm other than the one fixed for this client, or another kind of
    /// token, is refused before any key is looked for (RFC 8725, sections 3.1 and 3.11).
    pub fn check_header(&self, token: &Jws<'_>, algorithm: Algorithm) -> Result<()> {
        require_equal(ErrorCode::AlgorithmMismatch, algorithm.as_str(), token.algorithm.as_str())?;
        check_type(token, self.types, false)
    }
}

/// Checks the claims of a token whose signature was found good.
pub fn check_claims(token: &Object, options: &Object, hashes: &[(&TokenHash, String)], now: Timestamp) -> Result<()> {
    // A logout token or security event of the same issuer is no ID Token (Back-Channel Logout, section 2.4).
    if token.contains("events") {
        return Err(Error::new(ErrorCode::JwtTypeNotAllowed).with("claim", "events"));
    }
    claims::check_types(token, CLAIMS)?;
    let issuer = options.object("metadata").map_or("", |metadata| metadata.str_or_empty("issuer"));
    claims::check_issuer(token, issuer)?;
    check_audience(token, options)?;
    let tolerance = claims::tolerance(options);
    claims::check_times(token, now, tolerance)?;
    let subject = token.str_or_empty("sub");
    if subject.len() > MAX_SUBJECT || !subject.is_ascii() {
        return Err(claims::invalid("sub"));
    }
    // A nonce that got lost is no reason to accept a token without one.
    let nonce_fits = match options.str("nonce") {
        Some(expected) => !expected.is_empty() && constant_time_eq(token.str_or_empty("nonce"), expected),
        None => !token.contains("nonce") || options.contains("previousClaims"),
    };
    if !nonce_fits {
        return Err(ErrorCode::NonceMismatch.into());
    }
    if let Some(previous) = options.object("previousClaims") {
        check_continuity(token, previous, tolerance)?;
    }
    if let Some(max_age) = options.number("maxAge") {
        let age = claims::time(token, "auth_time").map(|at| now.since(at));
        if age.is_none_or(|age| age > max_age.saturating_add(tolerance)) {
            let age = age.map_or_else(|| "none".to_owned(), decimal);
            return Err(Error::new(ErrorCode::AuthTimeInvalid).with("secondsAgo", &age));
        }
    }
    for (hash, expected) in hashes {
        match token.str(hash.claim) {
            None if !hash.demanded_by.is_empty() && !options.flag(hash.demanded_by) => {}
            Some(actual) if constant_time_eq(actual, expected) => {}
            _ => return Err(hash.mismatch.into()),
        }
    }
    Ok(())
}

/// A token that comes with a renewal is about the same sign-in of the same person, and newer (section 12.2).
fn check_continuity(token: &Object, previous: &Object, tolerance: i64) -> Result<()> {
    for (claim, may_lack) in [("sub", false), ("nonce", true), ("auth_time", true), ("azp", true)] {
        let (now, before) = (token.get(claim), previous.get(claim));
        // A time of signing in that was never told may be told now; nothing else may.
        let is_free = may_lack && (now.is_none() || (before.is_none() && claim == "auth_time"));
        if now != before && !is_free {
            return Err(claims::invalid(claim));
        }
    }
    if previous.contains("aud") {
        let (now, before) = (claims::audiences(token)?, claims::audiences(previous)?);
        if now.iter().any(|one| !before.contains(one)) || before.iter().any(|one| !now.contains(one)) {
            return Err(claims::invalid("aud"));
        }
    }
    let issued_at = |claims| claims::time(claims, "iat");
    match (issued_at(token), issued_at(previous)) {
        (Some(now), Some(before)) if now.plus(tolerance) < before => Err(claims::invalid("iat")),
        _ => Ok(()),
    }
}

fn check_audience(token: &Object, options: &Object) -> Result<()> {
    let client_id = options.str_or_empty("clientId");
    let count = claims::check_audience(token, client_id, options.list("trustedAudiences"))?;
    match token.str("azp") {
        None if count == 1 => Ok(()),
        party => require_equal(ErrorCode::JwtAuthorizedPartyMismatch, client_id, party.unwrap_or("none")),
    }
}

const OPTIONS: Table = "!idToken !{metadata !clientId nonce #maxAge accessToken code state ?requireAtHash {previousClaims \
    [trustedAudiences {keySet algorithm #clockToleranceSeconds #timeoutSeconds ?dangerousAllowHttp";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Curve, sha256};
    use crate::json::Json;

    const NOW: i64 = 1_800_000_000;

    /// The claims of a good token with some members replaced; a replacement of `undefined` removes the member.
    fn outcome_of(changes: &str, options: &str) -> &'static str {
        let change = |base: &str, changes: &str| {
            let mut object = Json::parse_object(base.as_bytes()).unwrap();
            for (name, value) in Json::parse_object(changes.as_bytes()).unwrap().iter() {
                object.remove(name);
                if value.as_text() != Some("undefined") {
                    object.set(name, value.clone());
                }
            }
            object
        };
        let base =
            format!(r#"{{"iss":"https://op","sub":"alice","aud":"spa","exp":{},"iat":{NOW},"nonce":"N"}}"#, NOW + 300);
        let claims = change(&base, changes);
        let options = change(r#"{"metadata":{"issuer":"https://op"},"clientId":"spa","nonce":"N"}"#, options);
        let texts = ["jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "C", "S"].map(|text| sha256(text.as_bytes()));
        let hashes = TokenHash::ALL.iter().zip(texts.map(|digest| hash_value(&digest)));
        let hashes: Vec<_> =
            hashes.filter(|(hash, _)| hash.claim == "at_hash" || options.contains(hash.option)).collect();
        check_claims(&claims, &options, &hashes, Timestamp::from_seconds(NOW))
            .map_or_else(|error| error.code().as_str(), |()| "ok")
    }

    fn outcome(changes: &str) -> &'static str {
        outcome_of(changes, "{}")
    }

    #[test]
    fn id_14_a_renewed_token_is_about_the_same_sign_in() {
        let with = |previous: &str, changes: &str| {
            outcome_of(changes, &format!(r#"{{"nonce":"undefined","previousClaims":{previous}}}"#))
        };
        let before = r#"{"sub":"alice","nonce":"N","auth_time":1,"azp":"spa"}"#;
        for (changes, expected) in [
            ("{}", "ok"),
            (r#"{"nonce":"undefined"}"#, "ok"),
            (r#"{"auth_time":1,"azp":"spa"}"#, "ok"),
            (r#"{"sub":"bob"}"#, "claim_invalid"),
            (r#"{"nonce":"M"}"#, "claim_invalid"),
            (r#"{"auth_time":2}"#, "claim_invalid"),
        ] {
            assert_eq!(with(before, changes), expected, "{changes}");
        }
        assert_eq!(with(r#"{"sub":"alice"}"#, r#"{"auth_time":2,"nonce":"undefined"}"#), "ok");
        assert_eq!(with(r#"{"sub":"alice"}"#, "{}"), "claim_invalid", "a nonce from nowhere");
        for (before, changes, expected) in [
            (r#"{"sub":"alice","nonce":"N"}"#, r#"{"azp":"spa"}"#, "claim_invalid"),
            (r#"{"sub":"alice","nonce":"N","aud":"spa"}"#, "{}", "ok"),
            (r#"{"sub":"alice","nonce":"N","aud":["spa"]}"#, "{}", "ok"),
            (r#"{"sub":"alice","nonce":"N","aud":["spa","api"]}"#, "{}", "claim_invalid"),
            (r#"{"sub":"alice","nonce":"N","aud":1}"#, "{}", "claim_invalid"),
            (r#"{"sub":"alice","nonce":"N","iat":1800000000}"#, r#"{"iat":1799999940}"#, "ok"),
            (r#"{"sub":"alice","nonce":"N","iat":1800000000}"#, r#"{"iat":1799999939}"#, "claim_invalid"),
        ] {
            assert_eq!(with(before, changes), expected, "{before} {changes}");
        }
    }

    #[test]
    fn a_good_token_passes() {
        assert_eq!(outcome("{}"), "ok");
        assert_eq!(outcome(r#"{"aud":["spa"],"azp":"spa","auth_time":1,"nbf":1,"x":{"y":[]}}"#), "ok");
    }

    #[test]
    fn id_02_the_issuer_is_exact() {
        for (change, expected) in [
            (r#"{"iss":"https://op1"}"#, "jwt_issuer_mismatch"),
            (r#"{"iss":"https://op/"}"#, "jwt_issuer_mismatch"),
            (r#"{"iss":""}"#, "claim_invalid"),
            (r#"{"iss":"undefined"}"#, "claim_invalid"),
            (r#"{"iss":["https://op"]}"#, "claim_invalid"),
            (r#"{"iss":null}"#, "claim_invalid"),
        ] {
            assert_eq!(outcome(change), expected, "{change}");
        }
    }

    #[test]
    fn id_03_id_04_the_audience_is_this_client_and_nobody_unknown() {
        for (change, expected) in [
            (r#"{"aud":"spa1"}"#, "jwt_audience_mismatch"),
            (r#"{"aud":["spa","spa1"]}"#, "jwt_audience_mismatch"),
            (r#"{"aud":["spa","spa1"],"azp":"spa"}"#, "jwt_audience_mismatch"),
            (r#"{"aud":[]}"#, "claim_invalid"),
            (r#"{"aud":[1]}"#, "claim_invalid"),
            (r#"{"aud":["spa",1]}"#, "claim_invalid"),
            (r#"{"aud":{}}"#, "claim_invalid"),
            (r#"{"aud":"undefined"}"#, "claim_invalid"),
            (r#"{"azp":"other"}"#, "jwt_authorized_party_mismatch"),
            (r#"{"azp":1}"#, "claim_invalid"),
            (r#"{"azp":["spa"]}"#, "claim_invalid"),
        ] {
            assert_eq!(outcome(change), expected, "{change}");
        }
        for (change, expected) in [
            (r#"{"aud":["spa","api"],"azp":"spa"}"#, "ok"),
            (r#"{"aud":["spa","api"]}"#, "jwt_authorized_party_mismatch"),
            (r#"{"aud":["spa","api"],"azp":"api"}"#, "jwt_authorized_party_mismatch"),
            (r#"{"aud":["api"],"azp":"spa"}"#, "jwt_audience_mismatch"),
            (r#"{"aud":["spa","api","x"],"azp":"spa"}"#, "jwt_audience_mismatch"),
        ] {
            assert_eq!(outcome_of(change, r#"{"trustedAudiences":["api"]}"#), expected, "{change}");
        }
    }

    #[test]
    fn id_06_id_07_id_08_times_are_checked_within_the_tolerance() {
        for (change, expected) in [
            (format!(r#"{{"exp":{}}}"#, NOW - 59), "ok"),
            (format!(r#"{{"exp":{}}}"#, NOW - 60), "jwt_expired"),
            (format!(r#"{{"exp":{}}}"#, NOW - 360), "jwt_expired"),
            (r#"{"exp":"undefined"}"#.into(), "claim_invalid"),
            (r#"{"exp":"1"}"#.into(), "claim_invalid"),
            (r#"{"exp":null}"#.into(), "claim_invalid"),
            (format!(r#"{{"exp":{}}}"#, NOW * 1000), "claim_invalid"),
            (format!(r#"{{"exp":{}.5}}"#, NOW + 1), "ok"),
            (r#"{"iat":"undefined"}"#.into(), "claim_invalid"),
            (r#"{"iat":"1"}"#.into(), "claim_invalid"),
            (format!(r#"{{"iat":{}}}"#, NOW + 60), "ok"),
            (format!(r#"{{"iat":{}}}"#, NOW + 600), "jwt_not_yet_valid"),
            (format!(r#"{{"nbf":{}}}"#, NOW + 600), "jwt_not_yet_valid"),
            (r#"{"nbf":"x"}"#.into(), "claim_invalid"),
        ] {
            assert_eq!(outcome(&change), expected, "{change}");
        }
        let at_expiry = format!(r#"{{"exp":{NOW}}}"#);
        assert_eq!(outcome_of(&at_expiry, r#"{"clockToleranceSeconds":0}"#), "jwt_expired", "tm_01: 0 is a value");
    }

    #[test]
    fn id_09_the_nonce_is_the_one_of_this_sign_in() {
        for (change, expected) in [
            (r#"{"nonce":"N1"}"#, "nonce_mismatch"),
            (r#"{"nonce":"undefined"}"#, "nonce_mismatch"),
            (r#"{"nonce":""}"#, "nonce_mismatch"),
            (r#"{"nonce":1}"#, "claim_invalid"),
        ] {
            assert_eq!(outcome(change), expected, "{change}");
        }
    }

    #[test]
    fn id_10_the_subject_is_short_ascii() {
        assert_eq!(outcome(&format!(r#"{{"sub":"{}"}}"#, "s".repeat(255))), "ok");
        for bad in
            [format!(r#""{}""#, "s".repeat(256)), r#""""#.into(), "1".into(), r#""é""#.into(), r#""undefined""#.into()]
        {
            assert_eq!(outcome(&format!(r#"{{"sub":{bad}}}"#)), "claim_invalid", "{bad}");
        }
    }

    #[test]
    fn id_11_a_requested_max_age_is_checked_even_when_it_is_zero() {
        let with = |max_age, change: &str| outcome_of(change, &format!(r#"{{"maxAge":{max_age}}}"#));
        assert_eq!(with(0, "{}"), "auth_time_invalid");
        assert_eq!(with(0, &format!(r#"{{"auth_time":{NOW}}}"#)), "ok");
        assert_eq!(with(0, &format!(r#"{{"auth_time":{}}}"#, NOW - 61)), "auth_time_invalid");
        assert_eq!(with(100, &format!(r#"{{"auth_time":{}}}"#, NOW - 160)), "ok");
        assert_eq!(with(100, r#"{"auth_time":"x"}"#), "claim_invalid");
        assert_eq!(outcome(r#"{"auth_time":"x"}"#), "claim_invalid");
    }

    #[test]
    fn id_13_at_hash_belongs_to_the_access_token() {
        for (change, expected) in [
            (r#"{"at_hash":"77QmUPtjPfzWtF2AnpK9RQ"}"#, "ok"),
            (r#"{"at_hash":"77QmUPtjPfzWtF2AnpK9RQ1"}"#, "access_token_hash_mismatch"),
            (r#"{"at_hash":"77QmUPtjPfzWtF2AnpK9RQ=="}"#, "access_token_hash_mismatch"),
            (r#"{"at_hash":""}"#, "access_token_hash_mismatch"),
            (r#"{"at_hash":1}"#, "claim_invalid"),
        ] {
            assert_eq!(outcome(change), expected, "{change}");
        }
    }

    #[test]
    fn id_05_id_17_another_algorithm_or_kind_of_token_is_refused_by_its_header() {
        let header = |header: &str| {
            let text = format!("{}.e30.{}", base64url(header.as_bytes()), base64url(&[1; 64]));
            let jws = Jws::parse(&text).unwrap();
            KIND.check_header(&jws, Algorithm::Ecdsa(Curve::P256)).map_or_else(|error| error.code().as_str(), |()| "ok")
        };
        assert_eq!(header(r#"{"alg":"ES256"}"#), "ok");
        assert_eq!(header(r#"{"alg":"ES256","typ":"jwt"}"#), "ok");
        assert_eq!(header(r#"{"alg":"RS256"}"#), "algorithm_mismatch");
        for typ in ["at+jwt", "application/at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt", "secevent+jwt", ""]
        {
            assert_eq!(header(&format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#)), "jwt_type_not_allowed", "{typ}");
        }
        assert_eq!(outcome(r#"{"events":{}}"#), "jwt_type_not_allowed");
    }
}
