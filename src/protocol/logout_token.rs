//! What a logout token must say (OpenID Connect Back-Channel Logout, sections 2.4 and 2.6). Its signature comes first:
//! [`Jws::into_verified_claims`](crate::jose::Jws::into_verified_claims) hands over the claims checked here. Whether
//! its `jti` was seen before, and which session it ends, only the receiver can know.

use crate::error::{Error, ErrorCode, Phase, Result};
use crate::jose::claims;
use crate::json::Object;
use crate::protocol::id_token::{ALGORITHMS, TokenHash, TokenKind};
use crate::time::Timestamp;

/// The member of `events` that makes a token a logout token (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

const CLAIMS: &str = "!iss !jti #exp #iat #nbf sub sid";

/// Options of `validateLogoutToken` in TypeScript.
const OPTIONS: &str = "!logoutToken !{metadata !clientId {keySet algorithm #clockToleranceSeconds #timeoutSeconds \
    ?dangerousAllowHttp";

/// Logout tokens. An algorithm other than the one fixed for this client is refused (section 2.6, step 3).
pub const KIND: TokenKind = TokenKind {
    operation: "validate_logout_token",
    options: OPTIONS,
    option: "logoutToken",
    phase: Phase::LogoutToken,
    types: "JWT logout+jwt",
    algorithms: ALGORITHMS,
    check_claims,
};

/// Checks the claims of a token whose signature was found good (Back-Channel Logout, section 2.6, steps 4 to 7).
fn check_claims(token: &Object, options: &Object, _: &[(&TokenHash, String)], now: Timestamp) -> Result<()> {
    // An ID Token is no logout token; that is what the prohibition of `nonce` is for (section 2.4).
    if token.contains("nonce") {
        return Err(Error::new(ErrorCode::JwtTypeNotAllowed).with("claim", "nonce"));
    }
    claims::check_types(token, CLAIMS)?;
    let issuer = options.object("metadata").map_or("", |metadata| metadata.str_or_empty("issuer"));
    claims::check_issuer(token, issuer)?;
    claims::check_audience(token, options.str_or_empty("clientId"), &[])?;
    claims::check_times(token, now, claims::tolerance(options))?;
    if token.object("events").and_then(|events| events.object(EVENT)).is_none() {
        return Err(claims::invalid("events"));
    }
    if token.str_or_empty("sub").is_empty() && token.str_or_empty("sid").is_empty() {
        return Err(claims::invalid("sub"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url;
    use crate::jose::{Algorithm, Hash, Jws};
    use crate::json::Json;
    use crate::protocol::id_token;

    const NOW: i64 = 1_800_000_000;

    fn object(text: &str) -> Object {
        Json::parse_object(text.as_bytes()).unwrap()
    }

    /// The claims of a good token with some members replaced; a replacement of `undefined` removes the member.
    fn changed(changes: &str) -> Object {
        let mut claims = object(&format!(
            r#"{{"iss":"https://op","sub":"alice","sid":"S","aud":"spa","iat":{NOW},"exp":{},"jti":"J","events":{{"{EVENT}":{{}}}},"ignored_claim":"x"}}"#,
            NOW + 120
        ));
        for (name, value) in object(changes).iter() {
            if value.as_text() == Some("undefined") {
                claims.remove(name);
            } else {
                claims.set(name, value.clone());
            }
        }
        claims
    }

    fn check(claims: &Object) -> Result<()> {
        let now = Timestamp::from_seconds(NOW);
        check_claims(claims, &object(r#"{"metadata":{"issuer":"https://op"},"clientId":"spa"}"#), &[], now)
    }

    fn code<T>(result: Result<T>) -> &'static str {
        result.map_or_else(|error| error.code().as_str(), |_| "ok")
    }

    fn outcome(changes: &str) -> &'static str {
        code(check(&changed(changes)))
    }

    /// Header and claims of a token as it comes, its signature taken for good; RS256 is expected.
    fn received(header: &str, claims: &Object) -> &'static str {
        let claims = Json::from(claims.clone()).to_text();
        let text = [header.as_bytes(), claims.as_bytes(), &[1]].map(base64url).join(".");
        code(Jws::parse(&text).and_then(|jws| {
            KIND.check_header(&jws, Algorithm::Rsa(Hash::Sha256))?;
            check(&jws.into_verified_claims()?)
        }))
    }

    #[test]
    fn lo_07_of_the_tokens_of_the_conformance_suite_only_the_good_one_passes() {
        let rs256 = r#"{"alg":"RS256"}"#;
        for (name, header, changes, expected) in [
            ("rpinitlogout", rs256, "{}", "ok"),
            ("alg-none", r#"{"alg":"none"}"#, "{}", "algorithm_not_allowed"),
            ("no-event", rs256, r#"{"events":"undefined"}"#, "claim_invalid"),
            ("with-nonce", rs256, r#"{"nonce":"N"}"#, "jwt_type_not_allowed"),
            ("wrong-alg", r#"{"alg":"PS256"}"#, "{}", "algorithm_mismatch"),
            ("wrong-alg", r#"{"alg":"HS256"}"#, "{}", "algorithm_not_allowed"),
            ("wrong-aud", rs256, r#"{"aud":"spaINVALID"}"#, "jwt_audience_mismatch"),
            ("wrong-event", rs256, r#"{"events":{"http://schemas.openid.net/event/foobar":{}}}"#, "claim_invalid"),
            ("wrong-iss", rs256, r#"{"iss":"https://opINVALID"}"#, "jwt_issuer_mismatch"),
        ] {
            assert_eq!(received(header, &changed(changes)), expected, "{name}");
        }
    }

    #[test]
    fn lo_07_other_tokens_of_the_same_issuer_are_no_logout_tokens_and_it_is_no_id_token() {
        let of = |more: &str| {
            object(&format!(
                r#"{{"iss":"https://op","sub":"alice","aud":"spa","iat":{NOW},"exp":{}{more}}}"#,
                NOW + 300
            ))
        };
        let rs256 = r#"{"alg":"RS256"}"#;
        let id_token = of(r#","nonce":"N""#);
        assert_eq!(received(rs256, &id_token), "jwt_type_not_allowed");
        assert_eq!(received(rs256, &of(r#","jti":"J","sid":"S""#)), "claim_invalid", "an ID Token without a nonce");
        // RFC 9068, section 2
        let access_token = of(r#","jti":"J","client_id":"spa","scope":"openid""#);
        assert_eq!(received(r#"{"alg":"RS256","typ":"at+jwt"}"#, &access_token), "jwt_type_not_allowed");
        assert_eq!(received(rs256, &access_token), "claim_invalid");

        let options = object(r#"{"metadata":{"issuer":"https://op"},"clientId":"spa"}"#);
        let now = Timestamp::from_seconds(NOW);
        assert_eq!(code((id_token::KIND.check_claims)(&changed("{}"), &options, &[], now)), "jwt_type_not_allowed");
    }

    #[test]
    fn lo_07_typ_is_absent_jwt_or_logout_jwt() {
        let good = changed("{}");
        for typ in ["JWT", "jwt", "logout+jwt", "Logout+JWT"] {
            assert_eq!(received(&format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#), &good), "ok", "{typ}");
        }
        for typ in ["id_token+jwt", "at+jwt", "dpop+jwt", "secevent+jwt", "logout", ""] {
            let header = format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#);
            assert_eq!(received(&header, &good), "jwt_type_not_allowed", "{typ}");
        }
    }

    #[test]
    fn lo_07_each_claim_is_there_and_right() {
        for (change, expected) in [
            (r#"{"aud":["spa"]}"#, "ok"),
            (r#"{"aud":["api","spa"]}"#, "jwt_audience_mismatch"),
            (r#"{"aud":["api"]}"#, "jwt_audience_mismatch"),
            (r#"{"aud":[]}"#, "claim_invalid"),
            (r#"{"aud":"undefined"}"#, "claim_invalid"),
            (r#"{"iss":"https://op/"}"#, "jwt_issuer_mismatch"),
            (r#"{"iss":"undefined"}"#, "claim_invalid"),
            (r#"{"jti":"undefined"}"#, "claim_invalid"),
            (r#"{"jti":""}"#, "claim_invalid"),
            (r#"{"jti":1}"#, "claim_invalid"),
            (r#"{"iat":"undefined"}"#, "claim_invalid"),
            (r#"{"iat":1800000600}"#, "jwt_not_yet_valid"),
            (r#"{"nbf":1800000600}"#, "jwt_not_yet_valid"),
            (r#"{"exp":"undefined"}"#, "claim_invalid"),
            (r#"{"exp":1799999941}"#, "ok"),
            (r#"{"exp":1799999940}"#, "jwt_expired"),
            (r#"{"sub":"undefined"}"#, "ok"),
            (r#"{"sid":"undefined"}"#, "ok"),
            (r#"{"sub":"undefined","sid":"undefined"}"#, "claim_invalid"),
            (r#"{"sub":"","sid":""}"#, "claim_invalid"),
            (r#"{"sid":1}"#, "claim_invalid"),
            (r#"{"sub":["alice"]}"#, "claim_invalid"),
            (r#"{"events":[]}"#, "claim_invalid"),
            (r#"{"events":"http://schemas.openid.net/event/backchannel-logout"}"#, "claim_invalid"),
            (r#"{"events":{"http://schemas.openid.net/event/backchannel-logout":null}}"#, "claim_invalid"),
            (r#"{"events":{"http://schemas.openid.net/event/backchannel-logout":true}}"#, "claim_invalid"),
            (r#"{"events":{"http://schemas.openid.net/event/backchannel-logout/":{}}}"#, "claim_invalid"),
            (r#"{"events":{"x":1,"http://schemas.openid.net/event/backchannel-logout":{"a":1}}}"#, "ok"),
            (r#"{"nonce":null}"#, "jwt_type_not_allowed"),
            (r#"{"nonce":""}"#, "jwt_type_not_allowed"),
        ] {
            assert_eq!(outcome(change), expected, "{change}");
        }
    }
}
