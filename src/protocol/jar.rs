//! The authorization request as a signed JWT (RFC 9101): nobody on the way can change it, and the provider knows who made it.

use crate::constants::authorize_request as name;
use crate::error::Result;
use crate::jose::{Algorithm, signing_input};
use crate::json::{Json, Object};
use crate::protocol::authorize::{self, PARAMETERS};
use crate::protocol::parameters::invalid;
use crate::protocol::request::{Message, Request, Takes};
use crate::text::whole;
use crate::time::Timestamp;

/// How long a request object is good where nothing else is said, in seconds: it is used at once.
pub const LIFETIME: i64 = 60;
/// Longest lifetime, in seconds (FAPI 2.0 Message Signing, section 5.3.1).
const LONGEST: i64 = 60 * 60;
/// Options besides the parameters.
const OPTIONS: &str = "!issuer !algorithm keyId #lifetimeSeconds";

/// Nothing is sent by us.
const REQUEST_OBJECT: Message =
    Message { takes: Takes::OnlyParameters, options: OPTIONS, sends: PARAMETERS, ..Message::FORM };

/// Header and claims of a request object, as its signature covers them (section 4; RFC 8725, section 3.11). `id` makes it
/// one of a kind.
pub fn request_object(options: &Object, id: &str, now: Timestamp) -> Result<String> {
    let mut request = Request::parse(options, &REQUEST_OBJECT)?;
    if request.form.contains(name::REQUEST) {
        return Err(invalid(name::REQUEST, "is what is made here"));
    }
    authorize::check(&request.options, &mut request.form)?;
    let (options, mut header, mut claims) = (&request.options, Object::default(), Object::default());
    let algorithm = options.str_or_empty("algorithm");
    if Algorithm::parse(algorithm).is_none() {
        return Err(invalid("algorithm", "not asymmetric"));
    }
    let lifetime = options.number("lifetimeSeconds").unwrap_or(LIFETIME);
    if !(1..=LONGEST).contains(&lifetime) {
        return Err(invalid("lifetimeSeconds", "out of range"));
    }
    header.set_text("typ", "oauth-authz-req+jwt");
    header.set_text("alg", algorithm);
    if let Some(key_id) = options.str("keyId") {
        header.set_text("kid", key_id);
    }
    for (member, value) in request.form.iter() {
        // Claims about the request object itself are ours; `sub` would make it an assertion of the client (section 10.8).
        if matches!(member, "iss" | "sub" | "aud" | "exp" | "nbf" | "iat" | "jti") {
            return Err(invalid(member, "set by the client itself"));
        }
        let value = typed(member, value)?;
        match claims.remove(member) {
            None => claims.set(member, value),
            // A parameter that comes several times is a list (section 4).
            Some(Json::Array(mut values)) => {
                values.push(value);
                claims.set(member, Json::Array(values));
            }
            Some(first) => claims.set(member, Json::Array(vec![first, value])),
        }
    }
    claims.set_text("iss", options.str_or_empty("clientId"));
    claims.set_text("aud", options.str_or_empty("issuer"));
    claims.set_text("jti", id);
    for (member, time) in [("iat", now), ("nbf", now), ("exp", now.plus(lifetime))] {
        claims.set(member, time.seconds().into());
    }
    Ok(signing_input(&header, &claims))
}

/// In a JWT a number is a number, and an object an object (section 4).
fn typed(member: &str, value: &str) -> Result<Json> {
    match member {
        name::MAX_AGE => whole(value).map(Json::from).ok_or_else(|| invalid(member, "invalid")),
        name::CLAIMS | name::AUTHORIZATION_DETAILS | "registration" => Json::parse(value.as_bytes()),
        _ => Ok(value.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url_decode;
    use crate::error::ErrorCode;
    use crate::text::cut;

    fn made(changes: &str) -> std::result::Result<(String, String), (ErrorCode, String)> {
        let base = r#"{"clientId":"spa","issuer":"https://op.example","algorithm":"ES256","responseType":"code",
            "redirectUri":"https://app.example/cb","scope":"openid","state":"S","codeChallenge":"C"}"#;
        let mut options = Json::parse_object(base.as_bytes()).unwrap();
        for (name, value) in Json::parse_object(changes.as_bytes()).unwrap().iter() {
            options.set(name, value.clone());
        }
        let input = request_object(&options, "J", Timestamp::from_seconds(1_800_000_000))
            .map_err(|error| (error.code(), error.detail("option").to_owned()))?;
        let part = |text: &str| String::from_utf8(base64url_decode(text).unwrap()).unwrap();
        let (header, claims) = cut(&input, b'.');
        Ok((part(header), part(claims.unwrap())))
    }

    #[test]
    fn ar_15_the_request_object_is_exactly_this() {
        let (header, claims) = made(r#"{"keyId":"k"}"#).unwrap();
        assert_eq!(header, r#"{"typ":"oauth-authz-req+jwt","alg":"ES256","kid":"k"}"#);
        assert_eq!(
            claims,
            r#"{"client_id":"spa","response_type":"code","scope":"openid","redirect_uri":"https://app.example/cb","state":"S","code_challenge":"C","code_challenge_method":"S256","iss":"spa","aud":"https://op.example","jti":"J","iat":1800000000,"nbf":1800000000,"exp":1800000060}"#
        );
    }

    #[test]
    fn ar_15_numbers_objects_and_lists_keep_their_type() {
        let (_, claims) = made(
            r#"{"maxAge":0,"claims":{"id_token":{"acr":{"essential":true}}},"authorizationDetails":[{"type":"a"}],
                "resource":["https://a.example","https://b.example"],"lifetimeSeconds":3600}"#,
        )
        .unwrap();
        for part in [
            r#""max_age":0"#,
            r#""claims":{"id_token":{"acr":{"essential":true}}}"#,
            r#""authorization_details":[{"type":"a"}]"#,
            r#""resource":["https://a.example","https://b.example"]"#,
            r#""exp":1800003600"#,
        ] {
            assert!(claims.contains(part), "{part} in {claims}");
        }
        assert!(made(r#"{"resource":["https://a.example"]}"#).unwrap().1.contains(r#""resource":"https://a.example""#));
    }

    #[test]
    fn ar_15_what_must_not_be_in_a_request_object_is_refused() {
        for (changes, option) in [
            (r#"{"algorithm":"none"}"#, "algorithm"),
            (r#"{"algorithm":"HS256"}"#, "algorithm"),
            (r#"{"algorithm":null}"#, "algorithm"),
            (r#"{"issuer":""}"#, "issuer"),
            (r#"{"clientId":null}"#, "clientId"),
            (r#"{"request":"x"}"#, "request"),
            (r#"{"requestUri":"urn:x"}"#, "requestUri"),
            (r#"{"parameters":[["sub","spa"]]}"#, "sub"),
            (r#"{"parameters":[["exp","1"]]}"#, "exp"),
            (r#"{"codeChallenge":null}"#, "codeChallenge"),
            (r#"{"responseType":"token"}"#, "responseType"),
            (r#"{"lifetimeSeconds":0}"#, "lifetimeSeconds"),
            (r#"{"lifetimeSeconds":3601}"#, "lifetimeSeconds"),
            (r#"{"key":{}}"#, "key"),
            (r#"{"address":"https://op.example/a"}"#, "address"),
        ] {
            assert_eq!(made(changes), Err((ErrorCode::InvalidArgument, option.to_owned())), "{changes}");
        }
    }

    #[test]
    fn ar_16_authorization_details_are_objects_with_a_type() {
        for bad in ["{}", "[]", "[{}]", r#"["x"]"#, r#"[{"type":1}]"#, r#"[{"type":""}]"#] {
            let refused = made(&format!(r#"{{"authorizationDetails":{bad}}}"#));
            assert_eq!(refused, Err((ErrorCode::InvalidArgument, "authorizationDetails".to_owned())), "{bad}");
        }
    }

    #[test]
    fn ar_17_resources_are_absolute_uris_without_a_fragment() {
        for bad in ["api", "/api", "https://api.example/#x", ""] {
            let refused = made(&format!(r#"{{"resource":["{bad}"]}}"#));
            assert_eq!(refused, Err((ErrorCode::InvalidArgument, "resource".to_owned())), "{bad}");
        }
    }
}
