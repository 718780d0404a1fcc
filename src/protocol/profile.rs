//! Profiles: one switch for many requirements. `fapi2` is the FAPI 2.0 Security Profile, as far as a client without a
//! secret can keep it; what it turns on is where it is done, what breaks it is refused here.

use crate::error::{Error, ErrorCode, Result};
use crate::json::{Json, Object};
use crate::protocol::discovery::ProviderMetadata;

/// The one profile there is.
pub const FAPI2: &str = "fapi2";

/// Tokens bound to a key.
const SENDER_CONSTRAINED: &str = "FAPI2-SP 5.3.3.1";
/// The request is pushed, the browser carries a reference.
const PUSHED: &str = "FAPI2-SP 5.3.3.2-2";
/// PKCE with S256.
const PKCE: &str = "FAPI2-SP 5.3.3.2-3";
/// `iss` in the authorization response.
const ISSUER: &str = "FAPI2-SP 5.3.3.2-5";
/// Signatures are PS256, ES256 or Ed25519.
const ALGORITHMS: &str = "FAPI2-SP 5.4.1";
/// TLS everywhere.
const TLS: &str = "FAPI2-SP 5.2.1";

/// Whether the profile allows signatures of this algorithm.
pub fn allows(algorithm: &str) -> bool {
    matches!(algorithm, "PS256" | "ES256" | "EdDSA" | "Ed25519")
}

/// Refuses settings that break the profile.
pub fn check_options(options: &Object) -> Result<()> {
    let empty = Object::default();
    let policy = options.object("discoveryPolicy").unwrap_or(&empty);
    let dpop = options.object("dpop").unwrap_or(&empty);
    let request_object = options.object("requestObject").unwrap_or(&empty);
    for (name, breaks, rule) in [
        ("dpop", options.get("dpop") == Some(&Json::Bool(false)), SENDER_CONSTRAINED),
        ("dpop.dangerousAllowBearer", dpop.flag("dangerousAllowBearer"), SENDER_CONSTRAINED),
        ("dpop.bindCode", dpop.get("bindCode") == Some(&Json::Bool(false)), SENDER_CONSTRAINED),
        ("pushedAuthorization", options.str("pushedAuthorization") == Some("never"), PUSHED),
        ("discoveryPolicy.dangerousAllowHttp", policy.flag("dangerousAllowHttp"), TLS),
    ] {
        if breaks {
            return Err(broken("option", name, rule));
        }
    }
    for (name, algorithm) in [
        ("dpop.algorithm", dpop.str("algorithm")),
        ("requestObject.algorithm", request_object.str("algorithm")),
        ("idTokenSignedResponseAlg", options.str("idTokenSignedResponseAlg")),
        ("authorizationSignedResponseAlg", options.str("authorizationSignedResponseAlg")),
    ] {
        if algorithm.is_some_and(|algorithm| !allows(algorithm)) {
            return Err(broken("option", name, ALGORITHMS));
        }
    }
    Ok(())
}

/// Refuses a provider that lacks what the profile is made of.
pub fn check_metadata(metadata: &ProviderMetadata, responses_are_signed: bool) -> Result<()> {
    let document = metadata.document();
    for (name, breaks, rule) in [
        ("pushed_authorization_request_endpoint", true, PUSHED),
        ("dpop_signing_alg_values_supported", true, SENDER_CONSTRAINED),
        ("code_challenge_methods_supported", true, PKCE),
        // A signed response has an `iss` of its own.
        ("authorization_response_iss_parameter_supported", !responses_are_signed, ISSUER),
    ] {
        if breaks && matches!(document.get(name), None | Some(Json::Bool(false))) {
            return Err(broken("member", name, rule));
        }
    }
    Ok(())
}

fn broken(kind: &'static str, name: &str, rule: &str) -> Error {
    Error::new(ErrorCode::ProfileViolation).with(kind, name).with("rule", rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::policy::DiscoveryPolicy;

    fn object(text: &str) -> Object {
        Json::parse_object(text.as_bytes()).unwrap()
    }

    #[test]
    fn fapi2_refuses_what_breaks_it_and_names_the_rule() {
        for (options, name, rule) in [
            (r#"{"dpop":false}"#, "dpop", SENDER_CONSTRAINED),
            (r#"{"dpop":{"dangerousAllowBearer":true}}"#, "dpop.dangerousAllowBearer", SENDER_CONSTRAINED),
            (r#"{"dpop":{"bindCode":false}}"#, "dpop.bindCode", SENDER_CONSTRAINED),
            (r#"{"dpop":{"algorithm":"RS256"}}"#, "dpop.algorithm", ALGORITHMS),
            (r#"{"pushedAuthorization":"never"}"#, "pushedAuthorization", PUSHED),
            (r#"{"discoveryPolicy":{"dangerousAllowHttp":true}}"#, "discoveryPolicy.dangerousAllowHttp", TLS),
            (r#"{"requestObject":{"algorithm":"RS256"}}"#, "requestObject.algorithm", ALGORITHMS),
            (r#"{"idTokenSignedResponseAlg":"RS256"}"#, "idTokenSignedResponseAlg", ALGORITHMS),
            (r#"{"authorizationSignedResponseAlg":"RS512"}"#, "authorizationSignedResponseAlg", ALGORITHMS),
        ] {
            let error = check_options(&object(options)).unwrap_err();
            assert_eq!(error.code(), ErrorCode::ProfileViolation, "{options}");
            assert_eq!((error.detail("option"), error.detail("rule")), (name, rule), "{options}");
        }
        let good = r#"{"dpop":{"algorithm":"PS256"},"pushedAuthorization":"auto","idTokenSignedResponseAlg":"EdDSA"}"#;
        assert_eq!(check_options(&object(good)), Ok(()));
    }

    #[test]
    fn fapi2_needs_a_provider_that_has_its_parts() {
        const PARTS: [(&str, &str); 4] = [
            ("pushed_authorization_request_endpoint", r#""https://op.example/par""#),
            ("dpop_signing_alg_values_supported", r#"["ES256"]"#),
            ("code_challenge_methods_supported", r#"["S256"]"#),
            ("authorization_response_iss_parameter_supported", "true"),
        ];
        let without = |missing: &str, signed| {
            let parts =
                PARTS.iter().filter(|(name, _)| *name != missing).map(|(name, value)| format!(r#","{name}":{value}"#));
            let text = format!(r#"{{"issuer":"https://op.example"{}}}"#, parts.collect::<String>());
            let policy = DiscoveryPolicy::default();
            let metadata = ProviderMetadata::parse(&object(&text), "https://op.example", &policy).unwrap();
            check_metadata(&metadata, signed).map_err(|error| error.detail("member").to_owned())
        };
        assert_eq!(without("", false), Ok(()));
        for (name, _) in PARTS {
            assert_eq!(without(name, false), Err(name.to_owned()));
        }
        assert_eq!(without(PARTS[3].0, true), Ok(()));
    }
}
