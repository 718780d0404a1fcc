//! What an ID Token must say (OpenID Connect Core, sections 2, 3.1.3.7 and 3.1.3.8). Its signature comes first:
//! [`Jws::into_verified_claims`](crate::jose::Jws::into_verified_claims) hands over the claims checked here.

use crate::encoding::{base64url, constant_time_eq};
use crate::error::{Error, ErrorCode, Result, require_equal};
use crate::jose::{Algorithm, Jws, claims};
use crate::json::{Json, Kind, Object};
use crate::secret::redacted;
use crate::text::decimal;
use crate::time::Timestamp;

/// Longest subject (OpenID Connect Core, section 2).
const MAX_SUBJECT: usize = 255;
/// Values of `typ` that say outright that a JWT is an ID Token; anything else but absence is another kind of token.
const TYPES: [&str; 2] = ["JWT", "id_token+jwt"];

const CLAIMS: [(&str, Kind); 9] = [
    ("iss", Kind::Required),
    ("sub", Kind::Required),
    ("exp", Kind::Whole),
    ("iat", Kind::Whole),
    ("nbf", Kind::Whole),
    ("auth_time", Kind::Whole),
    ("nonce", Kind::Text),
    ("azp", Kind::Text),
    ("at_hash", Kind::Text),
];

/// What this sign-in expects.
pub struct Expected<'a> {
    /// The configured issuer.
    pub issuer: &'a str,
    /// This client.
    pub client_id: &'a str,
    /// Other audiences that may stand beside this client.
    pub trusted_audiences: &'a [Json],
    /// The nonce of the request.
    pub nonce: &'a str,
    /// `max_age` of the request, seconds.
    pub max_age: Option<i64>,
    /// The hash of the access token that came along, by the hash function of the algorithm.
    pub access_token_hash: &'a [u8],
    /// Tolerated difference of clocks, seconds.
    pub clock_tolerance: i64,
    /// Now.
    pub now: Timestamp,
}

redacted!(Expected<'_>);

/// What can be told from the header: an algorithm other than the one fixed for this client, or another kind of token,
/// is refused before any key is looked for (RFC 8725, sections 3.1 and 3.11).
pub fn check_header(token: &Jws<'_>, algorithm: Algorithm) -> Result<()> {
    require_equal(ErrorCode::AlgorithmMismatch, algorithm.as_str(), token.algorithm.as_str())?;
    match token.token_type() {
        Some(actual) if !TYPES.iter().any(|expected| expected.eq_ignore_ascii_case(actual)) => {
            Err(Error::new(ErrorCode::JwtTypeNotAllowed).with("typ", actual))
        }
        _ => Ok(()),
    }
}

/// Checks the claims of a token whose signature was found good.
pub fn check_claims(token: &Object, expected: &Expected<'_>) -> Result<()> {
    // A logout token or security event of the same issuer is no ID Token (Back-Channel Logout, section 2.4).
    if token.contains("events") {
        return Err(Error::new(ErrorCode::JwtTypeNotAllowed).with("claim", "events"));
    }
    claims::check_types(token, &CLAIMS)?;
    claims::check_issuer(token, expected.issuer)?;
    check_audience(token, expected)?;
    claims::check_times(token, expected.now, expected.clock_tolerance)?;
    let subject = token.str_or_empty("sub");
    if subject.len() > MAX_SUBJECT || !subject.is_ascii() {
        return Err(claims::invalid("sub"));
    }
    if !constant_time_eq(token.str_or_empty("nonce"), expected.nonce) {
        return Err(ErrorCode::NonceMismatch.into());
    }
    if let Some(max_age) = expected.max_age {
        let age = claims::time(token, "auth_time").map(|at| expected.now.since(at));
        if age.is_none_or(|age| age > max_age.saturating_add(expected.clock_tolerance)) {
            let age = age.map_or_else(|| "none".to_owned(), decimal);
            return Err(Error::new(ErrorCode::AuthTimeInvalid).with("secondsAgo", &age));
        }
    }
    // `at_hash`, where it is given: the left half of the access token's hash.
    if let Some(actual) = token.str("at_hash") {
        let half = expected.access_token_hash.get(..expected.access_token_hash.len() / 2).unwrap_or_default();
        if !constant_time_eq(actual, &base64url(half)) {
            return Err(ErrorCode::AccessTokenHashMismatch.into());
        }
    }
    Ok(())
}

fn check_audience(token: &Object, expected: &Expected<'_>) -> Result<()> {
    let audiences = claims::audiences(token)?;
    let client_id = expected.client_id;
    let trusted = |audience: &str| expected.trusted_audiences.iter().any(|trusted| trusted.as_text() == Some(audience));
    let stranger = audiences.iter().find(|audience| **audience != client_id && !trusted(audience));
    if let Some(stranger) = stranger.or(audiences.first().filter(|_| !audiences.contains(&client_id))) {
        return require_equal(ErrorCode::JwtAudienceMismatch, client_id, stranger);
    }
    match token.str("azp") {
        None if audiences.len() == 1 => Ok(()),
        party => require_equal(ErrorCode::JwtAuthorizedPartyMismatch, client_id, party.unwrap_or("none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Curve, sha256};

    const NOW: i64 = 1_800_000_000;

    /// The claims of a good token with some members replaced; a replacement of `undefined` removes the member.
    fn outcome_of(changes: &str, adjust: impl FnOnce(&mut Expected<'_>)) -> &'static str {
        let base =
            format!(r#"{{"iss":"https://op","sub":"alice","aud":"spa","exp":{},"iat":{NOW},"nonce":"N"}}"#, NOW + 300);
        let mut claims = Json::parse_object(base.as_bytes()).unwrap();
        for (name, value) in Json::parse_object(changes.as_bytes()).unwrap().iter() {
            if value.as_text() == Some("undefined") {
                claims = claims.iter().filter(|(n, _)| *n != name).map(|(n, v)| (n.to_owned(), v.clone())).collect();
            } else {
                claims.set(name, value.clone());
            }
        }
        let access_token_hash = &sha256(b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        let mut expected = Expected {
            issuer: "https://op",
            client_id: "spa",
            trusted_audiences: &[],
            nonce: "N",
            max_age: None,
            access_token_hash,
            clock_tolerance: 60,
            now: Timestamp::from_seconds(NOW),
        };
        adjust(&mut expected);
        check_claims(&claims, &expected).map_or_else(|error| error.code().as_str(), |()| "ok")
    }

    fn outcome(changes: &str) -> &'static str {
        outcome_of(changes, |_| {})
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
        let trusted: &'static [Json] = Box::leak(Box::new([Json::from("api")]));
        for (change, expected) in [
            (r#"{"aud":["spa","api"],"azp":"spa"}"#, "ok"),
            (r#"{"aud":["spa","api"]}"#, "jwt_authorized_party_mismatch"),
            (r#"{"aud":["spa","api"],"azp":"api"}"#, "jwt_authorized_party_mismatch"),
            (r#"{"aud":["api"],"azp":"spa"}"#, "jwt_audience_mismatch"),
            (r#"{"aud":["spa","api","x"],"azp":"spa"}"#, "jwt_audience_mismatch"),
        ] {
            assert_eq!(outcome_of(change, |e| e.trusted_audiences = trusted), expected, "{change}");
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
        assert_eq!(outcome_of(&at_expiry, |e| e.clock_tolerance = 0), "jwt_expired", "tm_01: 0 is a value");
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
        let with = |max_age, change: &str| outcome_of(change, |e| e.max_age = Some(max_age));
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
            check_header(&jws, Algorithm::Ecdsa(Curve::P256)).map_or_else(|error| error.code().as_str(), |()| "ok")
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
