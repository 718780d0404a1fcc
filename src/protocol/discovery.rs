//! Provider metadata (OpenID Connect Discovery 1.0, sections 3 and 4).

use crate::error::{Error, ErrorCode, Phase, Result};
use crate::http::{HttpRequest, Method, media_type};
use crate::jose::{Algorithm, Hash};
use crate::json::{Json, Object, Table, entries, has_entry};
use crate::protocol::parameters::invalid;
use crate::protocol::policy::DiscoveryPolicy;
use crate::protocol::request::{Message, Takes};
use crate::protocol::{answer, pkce};
use crate::text::{concat, cut_at};
use crate::url::HttpUrl;

/// Most bytes of a metadata document.
pub const MAX_METADATA: usize = 64 * 1024;
/// Media types of a key set (RFC 7517, section 8.5.2).
pub const ACCEPT_KEYS: &str = "application/json, application/jwk-set+json";
/// Most bytes of a key set.
const MAX_JWKS: usize = 256 * 1024;

/// The endpoints that a session uses.
const ENDPOINTS: Table = "authorization_endpoint token_endpoint userinfo_endpoint end_session_endpoint jwks_uri \
    pushed_authorization_request_endpoint revocation_endpoint check_session_iframe";
/// The members that are used.
const MEMBERS: Table = "!issuer authorization_endpoint token_endpoint userinfo_endpoint end_session_endpoint jwks_uri \
    [code_challenge_methods_supported [id_token_signing_alg_values_supported \
    ?authorization_response_iss_parameter_supported pushed_authorization_request_endpoint \
    ?require_pushed_authorization_requests [dpop_signing_alg_values_supported ?require_signed_request_object \
    [authorization_signing_alg_values_supported revocation_endpoint check_session_iframe";
const METHODS: &str = "code_challenge_methods_supported";
/// RFC 9207, section 3.
const ISS_PARAMETER_SUPPORTED: &str = "authorization_response_iss_parameter_supported";

/// Metadata that passed the policy. Only members that are used are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata(Object);

/// Well-known names of metadata documents.
pub const OPENID_CONFIGURATION: &str = "openid-configuration";
const AUTHORIZATION_SERVER: &str = "oauth-authorization-server";
const WELL_KNOWN: &str = "/.well-known/";

/// The request for a metadata document.
pub fn build(url: &str) -> HttpRequest {
    HttpRequest::new(Method::Get, url, media_type::JSON, MAX_METADATA)
}

/// The request for the provider's keys.
pub fn build_jwks(jwks_uri: &str) -> HttpRequest {
    HttpRequest::new(Method::Get, jwks_uri, ACCEPT_KEYS, MAX_JWKS)
}

/// Where a provider's metadata is, and whose it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The issuer.
    pub issuer: String,
    /// The document.
    pub url: String,
    /// Whether the issuer was only told by the URL of its document, which is the same with and without a slash at the
    /// issuer's end.
    pub told_by_url: bool,
}

/// The issuer and the URL of its document, from either of them. OpenID Connect appends the well-known path to the
/// issuer's own (Discovery, section 4); RFC 8414 (section 3.1) puts it between host and path.
pub fn locate(authority: &str, well_known: &str) -> Result<Place> {
    let inserted = match well_known {
        OPENID_CONFIGURATION => false,
        AUTHORIZATION_SERVER => true,
        _ => return Err(invalid("wellKnown", "unknown")),
    };
    if let Some((start, rest)) = cut_at(authority, WELL_KNOWN) {
        let tail = rest.strip_prefix(well_known).filter(|tail| tail.is_empty() || (inserted && tail.starts_with('/')));
        let tail = tail.ok_or_else(|| invalid("authority", "another well-known path"))?;
        return Ok(Place { issuer: concat(&[start, tail]), url: authority.to_owned(), told_by_url: true });
    }
    let path = authority.strip_suffix('/').unwrap_or(authority);
    let url = if inserted { insert(path, well_known)? } else { concat(&[path, WELL_KNOWN, well_known]) };
    Ok(Place { issuer: authority.to_owned(), url, told_by_url: false })
}

/// The URL of a well-known document, its path put between host and path (RFC 8414, section 3.1; RFC 9728, section 3.1).
pub fn insert(url: &str, well_known: &str) -> Result<String> {
    let parsed = HttpUrl::parse(url).map_err(|problem| invalid("url", problem.as_str()))?;
    let query = parsed.query.map_or(0, |query| query.len().saturating_add(1));
    let rest = parsed.path.len().saturating_add(query);
    let (origin, rest) = url.split_at_checked(url.len().saturating_sub(rest)).unwrap_or((url, ""));
    let rest = if parsed.path == "/" { rest.get(1..).unwrap_or_default() } else { rest };
    Ok(concat(&[origin, WELL_KNOWN, well_known, rest]))
}

/// The document that options ask for, fit to be asked for under the policy among them.
pub fn place(options: &Object) -> Result<(Place, DiscoveryPolicy)> {
    let policy = DiscoveryPolicy::parse(options.object("discoveryPolicy"), ErrorCode::InvalidArgument)?;
    let mut place =
        locate(options.str_or_empty("authority"), options.str("wellKnown").unwrap_or(OPENID_CONFIGURATION))?;
    policy.check_issuer(&place.issuer)?;
    if let Some(address) = options.str("address") {
        policy.check_url("address", address)?;
        address.clone_into(&mut place.url);
    }
    Ok((place, policy))
}

/// Asks for the metadata (OpenID Connect Discovery, section 4; RFC 8414, section 3).
pub const MESSAGE: Message = Message {
    phase: Phase::Discovery,
    takes: Takes::OnlyHeaders,
    options: "!authority address wellKnown {discoveryPolicy",
    answers: MEMBERS,
    ..Message::DOCUMENT
};

/// Asks for the keys.
pub const KEYS: Message = Message { endpoint: "jwks_uri", phase: Phase::Jwks, answers: "*keys", ..Message::DOCUMENT };

/// Checks a fetched document for everybody: the issuer it was asked for, and everything the policy demands.
pub fn check(document: &Object, place: &Place, policy: &DiscoveryPolicy) -> Result<()> {
    answer::check(document, MEMBERS)?;
    let actual = document.str_or_empty("issuer");
    let expected =
        if place.told_by_url && actual.strip_suffix('/') == Some(&place.issuer) { actual } else { &place.issuer };
    policy.check_same_issuer(expected, actual)?;
    policy.check_document(document, &place.issuer)
}

impl ProviderMetadata {
    /// Checks a document, fetched, given by the application or read back from a cache: its `issuer` is exactly the
    /// configured one, and every endpoint is one the policy allows.
    pub fn parse(document: &Object, issuer: &str, policy: &DiscoveryPolicy) -> Result<Self> {
        let authority = policy.check_issuer(issuer)?;
        answer::check(document, MEMBERS)?;
        policy.check_same_issuer(issuer, document.str_or_empty("issuer"))?;
        let mut members = Object::default();
        for (_, _, name) in entries(MEMBERS) {
            if let Some(value) = document.get(name) {
                if let Some(endpoint) = value.as_text().filter(|_| has_entry(ENDPOINTS, name)) {
                    policy.check_endpoint(name, endpoint, &authority)?;
                }
                members.set(name, value.clone());
            }
        }
        Ok(Self(members))
    }

    /// The members that are kept, to be stored and parsed again.
    pub fn document(&self) -> &Object {
        &self.0
    }

    /// An endpoint by the name of its member, if the provider has it.
    pub fn endpoint(&self, name: &'static str) -> Option<&str> {
        self.0.str(name)
    }

    /// An endpoint that the caller cannot do without.
    pub fn required_endpoint(&self, name: &'static str) -> Result<&str> {
        self.endpoint(name).ok_or_else(|| Error::new(ErrorCode::EndpointMissing).with("name", name))
    }

    /// Whether every authorization response carries `iss` (RFC 9207, section 3).
    pub fn sends_iss(&self) -> bool {
        self.0.flag(ISS_PARAMETER_SUPPORTED)
    }

    /// Whether authorization requests must be pushed (RFC 9126, section 5).
    pub fn requires_push(&self) -> bool {
        self.0.flag("require_pushed_authorization_requests")
    }

    /// A provider that lists PKCE methods must list `S256`; one that lists none gets it all the same (RFC 9700,
    /// section 2.1.1).
    pub fn check_pkce(&self) -> Result<()> {
        if self.0.contains(METHODS) && !self.0.lists(METHODS, pkce::METHOD) {
            return Err(ErrorCode::PkceNotSupported.into());
        }
        Ok(())
    }
}

/// The one algorithm of tokens for a client that named none: `RS256`, the default of registration, unless the provider
/// does not list it in this member and lists exactly one other of the algorithms accepted by default. Where `RS256` is not
/// allowed, it counts as not listed.
pub fn default_algorithm(metadata: &Object, member: &str, rs256_is_allowed: bool) -> Result<Algorithm> {
    const RS256: Algorithm = Algorithm::Rsa(Hash::Sha256);
    if rs256_is_allowed && !metadata.contains(member) {
        return Ok(RS256);
    }
    let (mut only, mut count) = (RS256, 0_u8);
    for algorithm in Algorithm::DEFAULT_ALLOWED {
        let named = |name: &Json| name.as_text().and_then(Algorithm::parse) == Some(algorithm);
        if metadata.list(member).iter().any(named) {
            if algorithm == RS256 {
                if rs256_is_allowed {
                    return Ok(RS256);
                }
                continue;
            }
            (only, count) = (algorithm, count.saturating_add(1));
        }
    }
    if count == 1 {
        return Ok(only);
    }
    let option =
        if member.starts_with("id_token") { "idTokenSignedResponseAlg" } else { "authorizationSignedResponseAlg" };
    let reason = if count == 0 { "none offered is acceptable" } else { "several are offered" };
    Err(Error::new(ErrorCode::InvalidConfiguration).with("option", option).with("reason", reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::Curve;
    use crate::protocol::id_token::ALGORITHMS;

    const ISSUER: &str = "https://op.example/tenant";

    fn metadata(members: &str) -> Result<ProviderMetadata> {
        let text = format!(r#"{{"issuer":"{ISSUER}"{members}}}"#);
        ProviderMetadata::parse(&Json::parse_object(text.as_bytes()).unwrap(), ISSUER, &DiscoveryPolicy::default())
    }

    fn code<T>(result: Result<T>) -> &'static str {
        result.map_or_else(|error| error.code().as_str(), |_| "ok")
    }

    #[test]
    fn di_03_the_well_known_path_follows_the_issuers_path() {
        for (issuer, url) in [
            ("https://op.example", "https://op.example/.well-known/openid-configuration"),
            ("https://op.example/", "https://op.example/.well-known/openid-configuration"),
            ("https://op.example/path", "https://op.example/path/.well-known/openid-configuration"),
            ("https://op.example/path/", "https://op.example/path/.well-known/openid-configuration"),
        ] {
            assert_eq!(locate(issuer, OPENID_CONFIGURATION).map(|place| place.url), Ok(url.to_owned()));
        }
    }

    #[test]
    fn di_02_the_issuer_is_compared_character_for_character() {
        for actual in [
            "https://op.example/tenantINVALID",
            "https://op.example/tenant/",
            "https://OP.example/tenant",
            "https://op.example:443/tenant",
            "https://op.example",
        ] {
            let document = Json::parse_object(format!(r#"{{"issuer":"{actual}"}}"#).as_bytes()).unwrap();
            let result = ProviderMetadata::parse(&document, ISSUER, &DiscoveryPolicy::default());
            assert_eq!(code(result), "issuer_mismatch", "{actual}");
        }
        for text in ["{}", r#"{"issuer":1}"#, r#"{"issuer":""}"#, r#"{"issuer":["https://op.example/tenant"]}"#] {
            let document = Json::parse_object(text.as_bytes()).unwrap();
            let result = ProviderMetadata::parse(&document, ISSUER, &DiscoveryPolicy::default());
            assert_eq!(code(result), "invalid_response", "{text}");
        }
    }

    #[test]
    fn di_05_one_bad_endpoint_refuses_the_whole_document() {
        for (members, expected) in [
            (r#","token_endpoint":["https://op.example/t"]"#, "invalid_response"),
            (r#","token_endpoint":null"#, "invalid_response"),
            (r#","token_endpoint":"javascript:alert(1)""#, "insecure_url"),
            (r#","end_session_endpoint":"data:text/html,x""#, "insecure_url"),
            (r#","token_endpoint":"http://op.example/t""#, "insecure_url"),
            (r#","authorization_endpoint":"https://u:p@op.example/a""#, "insecure_url"),
            (r#","jwks_uri":"https://evil.example/jwks""#, "endpoint_not_allowed"),
            (r#","id_token_signing_alg_values_supported":"RS256""#, "invalid_response"),
            (r#","authorization_response_iss_parameter_supported":"true""#, "invalid_response"),
            (r#","token_endpoint":"https://op.example/t","signed_metadata":"x","__proto__":{}"#, "ok"),
        ] {
            assert_eq!(code(metadata(members)), expected, "{members}");
        }
    }

    #[test]
    fn ar_02_a_provider_that_lists_methods_must_list_s256() {
        for (members, expected) in [
            ("", "ok"),
            (r#","code_challenge_methods_supported":["plain","S256"]"#, "ok"),
            (r#","code_challenge_methods_supported":["plain"]"#, "pkce_not_supported"),
            (r#","code_challenge_methods_supported":[]"#, "pkce_not_supported"),
        ] {
            assert_eq!(code(metadata(members).unwrap().check_pkce()), expected, "{members}");
        }
    }

    #[test]
    fn di_08_metadata_chooses_among_what_is_accepted_and_never_beyond() {
        let chosen = |list: &str| {
            let members = format!(r#","id_token_signing_alg_values_supported":{list}"#);
            default_algorithm(metadata(&members).unwrap().document(), ALGORITHMS, true)
        };
        assert_eq!(
            default_algorithm(metadata("").unwrap().document(), ALGORITHMS, true),
            Ok(Algorithm::Rsa(Hash::Sha256))
        );
        assert_eq!(chosen(r#"["ES256","RS256","HS256"]"#), Ok(Algorithm::Rsa(Hash::Sha256)));
        assert_eq!(chosen(r#"["none","ES256"]"#), Ok(Algorithm::Ecdsa(Curve::P256)));
        for list in [r#"["none"]"#, r#"["HS256","none"]"#, "[]", r#"["ES256","PS256"]"#, r#"["ES384"]"#] {
            assert_eq!(code(chosen(list)), "invalid_configuration", "{list}");
        }
    }

    #[test]
    fn what_is_kept_reads_back_as_the_same() {
        let members =
            r#","token_endpoint":"https://op.example/t","authorization_response_iss_parameter_supported":true,"x":1"#;
        let first = metadata(members).unwrap();
        let again = ProviderMetadata::parse(first.document(), ISSUER, &DiscoveryPolicy::default());
        assert_eq!(again, Ok(first.clone()));
        assert!(first.sends_iss());
        assert_eq!(first.document().get("x"), None);
    }
}
