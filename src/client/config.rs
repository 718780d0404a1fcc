//! Settings of a client, checked once. Nothing that is misspelt or cannot work is accepted and ignored.

use crate::client::documents::Source;
use crate::client::fingerprint;
use crate::error::{Error, ErrorCode, Result};
use crate::jose::Algorithm;
use crate::json::{Json, Object};
use crate::protocol::authorize::{self, AuthorizeOptions};
use crate::protocol::callback::is_at;
use crate::protocol::discovery::{self, Place, ProviderMetadata};
use crate::protocol::parameters::Parameters;
use crate::protocol::policy::DiscoveryPolicy;
use crate::protocol::profile;
use crate::protocol::request::checked;
use crate::text::{concat, pieces};

/// Every option by the name that TypeScript uses.
const OPTIONS: &str = "!authority !clientId !redirectUri postLogoutRedirectUri popupRedirectUri silentRedirectUri \
    scope {metadata {discoveryPolicy idTokenSignedResponseAlg [trustedAudiences [resource ?requireAtHash \
    pushedAuthorization storage *allowedOrigins {authorizeParameters #clockToleranceSeconds #timeoutSeconds ~dpop \
    {requestObject responseMode authorizationSignedResponseAlg *authorizationDetails {claims profile";
const DPOP_OPTIONS: &str = "?bindCode algorithm ?dangerousAllowBearer";
const REQUEST_OBJECT_OPTIONS: &str = "!algorithm keyId";
const ORIGIN_OPTIONS: &str = "!baseAddress resource scope";
const POLICY_OPTIONS: &str = "[additionalEndpointBaseAddresses ?dangerousAllowHttp";
/// How long metadata is used without asking again, in seconds.
const METADATA_FRESH: i64 = 60 * 60;
/// Options that are URLs to go to or to send to.
const URLS: [&str; 5] = ["authority", "postLogoutRedirectUri", REDIRECT_URIS[0], REDIRECT_URIS[1], REDIRECT_URIS[2]];
/// Where responses may go.
const REDIRECT_URIS: [&str; 3] = ["redirectUri", "popupRedirectUri", "silentRedirectUri"];

/// Settings that passed every check; see `OidcClientOptions` in the TypeScript types for their meaning.
#[derive(Clone, Debug)]
pub struct Config {
    options: Object,
    place: Place,
    policy: DiscoveryPolicy,
    metadata: Option<ProviderMetadata>,
    dpop: Option<Object>,
}

impl Config {
    /// Reads options as TypeScript gives them. `null` counts as absent.
    pub fn parse(options: &Object) -> Result<Self> {
        let options = checked(options, OPTIONS, ErrorCode::InvalidConfiguration)?;
        let empty = Object::default();
        let given = options.object("discoveryPolicy").unwrap_or(&empty);
        let given = checked(given, POLICY_OPTIONS, ErrorCode::InvalidConfiguration)?;
        let policy = DiscoveryPolicy::parse(Some(&given), ErrorCode::InvalidConfiguration)?;
        let mut bases = Vec::new();
        for allowed in options.list("allowedOrigins") {
            if let Some(allowed) = allowed.as_object() {
                checked(allowed, ORIGIN_OPTIONS, ErrorCode::InvalidConfiguration)?;
            }
            bases.push(base_of(allowed).ok_or_else(|| invalid("allowedOrigins", "of the wrong type"))?);
        }
        let origins = bases.into_iter().map(|base| ("allowedOrigins", Some(base)));
        for (name, url) in URLS.iter().map(|name| (*name, options.str(name))).chain(origins) {
            let Some(url) = url else { continue };
            let check = if name == "authority" || name == "allowedOrigins" {
                policy.check_issuer(url)
            } else {
                policy.check_url(name, url)
            };
            check.map_err(|error| invalid(name, error.detail("reason")))?;
        }
        if !scope_is_good(&options) {
            return Err(invalid("scope", "must contain openid"));
        }
        let metadata = options.object("metadata");
        let metadata =
            metadata.map(|document| ProviderMetadata::parse(document, options.str_or_empty("authority"), &policy));
        for name in ["idTokenSignedResponseAlg", "authorizationSignedResponseAlg"] {
            if options.str(name).is_some_and(|algorithm| Algorithm::parse(algorithm).is_none()) {
                return Err(invalid(name, "not an asymmetric algorithm"));
            }
        }
        if let Some(parameters) = options.object("authorizeParameters") {
            AuthorizeOptions::default()
                .add_all(parameters)
                .map_err(|error| invalid("authorizeParameters", error.detail("option")))?;
        }
        for (name, known) in [
            ("storage", "memory session local indexedDb custom"),
            ("pushedAuthorization", "auto always never"),
            ("responseMode", "query query.jwt jwt"),
            ("profile", profile::FAPI2),
        ] {
            if options.str(name).is_some_and(|value| !pieces(known, b' ').contains(&value)) {
                return Err(invalid(name, "unknown"));
            }
        }
        let metadata = metadata.transpose()?;
        authorize::check_details(&options).map_err(|_| invalid("authorizationDetails", "objects with a type"))?;
        let is_fapi2 = options.contains("profile");
        if is_fapi2 {
            profile::check_options(&options)?;
        }
        let dpop = match options.get("dpop") {
            Some(Json::Object(dpop)) => Some(checked(dpop, DPOP_OPTIONS, ErrorCode::InvalidConfiguration)?),
            Some(Json::Bool(on)) => on.then(Object::default),
            None => is_fapi2.then(Object::default),
            _ => return Err(invalid("dpop", "of the wrong type")),
        };
        let request_object = options.object("requestObject");
        let algorithms = [("dpop", dpop.as_ref()), ("requestObject", request_object)];
        for (name, given) in algorithms {
            let algorithm = given.and_then(|given| given.str("algorithm"));
            if algorithm.is_some_and(|algorithm| Algorithm::parse(algorithm).is_none()) {
                return Err(invalid(name, "not an asymmetric algorithm"));
            }
        }
        if let Some(request_object) = request_object {
            checked(request_object, REQUEST_OBJECT_OPTIONS, ErrorCode::InvalidConfiguration)?;
        }
        let mut resources = Parameters::default();
        options.list("resource").iter().filter_map(Json::as_text).for_each(|uri| resources.add("resource", uri));
        resources.check_resources().map_err(|_| invalid("resource", "not an absolute URI without a fragment"))?;
        let place = discovery::locate(options.str_or_empty("authority"), discovery::OPENID_CONFIGURATION)
            .map_err(|error| invalid("authority", error.detail("reason")))?;
        Ok(Self { options, place, policy, metadata, dpop })
    }

    pub(super) fn authority(&self) -> &str {
        self.options.str_or_empty("authority")
    }

    pub(super) fn client_id(&self) -> &str {
        self.options.str_or_empty("clientId")
    }

    pub(super) fn redirect_uri(&self) -> &str {
        self.options.str_or_empty("redirectUri")
    }

    /// The redirect URI that a URL is at; the usual one where it is at none.
    pub(super) fn redirect_uri_of(&self, url: &str) -> &str {
        let configured = REDIRECT_URIS.iter().filter_map(|name| self.options.str(name));
        configured.into_iter().find(|redirect_uri| is_at(url, redirect_uri)).unwrap_or(self.redirect_uri())
    }

    pub(super) fn post_logout_redirect_uri(&self) -> Option<&str> {
        self.options.str("postLogoutRedirectUri")
    }

    pub(super) fn scope(&self) -> &str {
        self.options.str("scope").unwrap_or("openid")
    }

    /// The options of a request to one of the provider's endpoints.
    pub(super) fn request(&self, address: &str) -> Object {
        let mut request = Object::default();
        request.set_text("address", address);
        request.set("dangerousAllowHttp", self.policy.allows_http().into());
        request
    }

    /// The options of a request to the token endpoint.
    pub(super) fn token_request(&self, address: &str) -> Object {
        let mut request = self.request(address);
        request.set_text("clientId", self.client_id());
        if let Some(dpop) = &self.dpop {
            request.set("dpop", true.into());
            request.set("dangerousAllowBearer", dpop.flag("dangerousAllowBearer").into());
        }
        request
    }

    /// Where the provider's documents come from.
    pub(super) fn source(&self) -> Source {
        Source {
            place: self.place.clone(),
            policy: self.policy.clone(),
            whole: false,
            given: self.metadata.clone(),
            timeout: self.timeout(),
            fresh: METADATA_FRESH,
            lasting: METADATA_FRESH,
            stored: true,
        }
    }

    pub(super) fn policy(&self) -> &DiscoveryPolicy {
        &self.policy
    }

    /// The algorithm of tokens that this provider signs for this client: the option's, or what the metadata says.
    pub(super) fn algorithm(&self, option: &str, metadata: &ProviderMetadata, member: &str) -> Result<Algorithm> {
        match self.options.str(option).and_then(Algorithm::parse) {
            Some(algorithm) => Ok(algorithm),
            None => discovery::default_algorithm(metadata.document(), member, !self.is_fapi2()),
        }
    }

    /// Whether the FAPI 2.0 Security Profile is kept.
    pub(super) fn is_fapi2(&self) -> bool {
        self.options.contains("profile")
    }

    /// What `dpop` says, where tokens are bound to a key.
    pub(super) fn dpop(&self) -> Option<&Object> {
        self.dpop.as_ref()
    }

    /// Algorithm and key of request objects, where they are used.
    pub(super) fn request_object(&self) -> Option<&Object> {
        self.options.object("requestObject")
    }

    /// `response_mode`, where it is not left to the provider.
    pub(super) fn response_mode(&self) -> Option<&str> {
        self.options.str("responseMode")
    }

    /// Whether authorization responses are signed.
    pub(super) fn signs_responses(&self) -> bool {
        self.response_mode().is_some_and(|mode| mode != "query")
    }

    /// A parameter of every authorization request that one sign-in may replace.
    pub(super) fn parameter(&self, option: &str) -> Option<&Json> {
        self.options.get(option)
    }

    /// Whether authorization requests to this provider are pushed: when it demands that, unless the application said
    /// otherwise. What it demands cannot be switched off.
    pub(super) fn pushes(&self, metadata: &ProviderMetadata) -> Result<bool> {
        match self.options.str("pushedAuthorization") {
            Some("always") => Ok(true),
            Some("never") if metadata.requires_push() => {
                Err(invalid("pushedAuthorization", "the provider requires it"))
            }
            _ => Ok(metadata.requires_push() || self.is_fapi2()),
        }
    }

    pub(super) fn resources(&self) -> &[Json] {
        self.options.list("resource")
    }

    pub(super) fn requires_at_hash(&self) -> bool {
        self.options.flag("requireAtHash")
    }

    pub(super) fn trusted_audiences(&self) -> &[Json] {
        self.options.list("trustedAudiences")
    }

    pub(super) fn allowed_origins(&self) -> &[Json] {
        self.options.list("allowedOrigins")
    }

    pub(super) fn authorize_parameters(&self) -> Option<&Object> {
        self.options.object("authorizeParameters")
    }

    pub(super) fn clock_tolerance(&self) -> i64 {
        self.options.number("clockToleranceSeconds").unwrap_or(60)
    }

    pub(super) fn timeout(&self) -> i64 {
        self.options.number("timeoutSeconds").unwrap_or(10)
    }

    /// A name in storage that no other issuer or client uses (the version tells readers what to expect there).
    pub(super) fn record_name(&self, kind: &str) -> String {
        let client = fingerprint(&concat(&[self.authority(), "\n", self.client_id()]));
        concat(&["oidc-wasm.1.", client.as_str(), ".", kind])
    }
}

/// Without `openid` there is no ID Token, and nobody to be signed in.
pub(super) fn scope_is_good(options: &Object) -> bool {
    options.str("scope").is_none_or(|scope| pieces(scope, b' ').contains(&"openid"))
}

/// The base address of an entry of `allowedOrigins`.
pub(super) fn base_of(allowed: &Json) -> Option<&str> {
    allowed.as_text().or_else(|| allowed.as_object()?.str("baseAddress"))
}

pub(super) fn invalid(option: &str, reason: &str) -> Error {
    Error::new(ErrorCode::InvalidConfiguration).with("option", option).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(changes: &str) -> Result<Config> {
        let base = r#"{"authority":"https://op.example","clientId":"spa","redirectUri":"https://app.example/cb"}"#;
        let mut options = Json::parse_object(base.as_bytes()).unwrap();
        for (name, value) in Json::parse_object(changes.as_bytes()).unwrap().iter() {
            options.set(name, value.clone());
        }
        Config::parse(&options)
    }

    fn refused(changes: &str) -> String {
        let error = parse(changes).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidConfiguration, "{changes}");
        error.details().first().unwrap().1.clone()
    }

    #[test]
    fn the_defaults_are_safe() {
        let config = parse("{}").unwrap();
        assert_eq!((config.scope(), config.clock_tolerance(), config.timeout()), ("openid", 60, 10));
        assert!(config.allowed_origins().is_empty() && config.trusted_audiences().is_empty());
        assert_eq!(parse(r#"{"clockToleranceSeconds":0,"scope":null}"#).unwrap().clock_tolerance(), 0, "tm_01");
    }

    #[test]
    fn every_option_that_cannot_work_is_named() {
        for (changes, option) in [
            (r#"{"authority":""}"#, "authority"),
            (r#"{"authority":null}"#, "authority"),
            (r#"{"authority":"http://op.example"}"#, "authority"),
            (r#"{"authority":"https://op.example?x"}"#, "authority"),
            (r#"{"clientId":""}"#, "clientId"),
            (r#"{"clientId":1}"#, "clientId"),
            (r#"{"redirectUri":"http://app.example/cb"}"#, "redirectUri"),
            (r#"{"redirectUri":"https://app.example/cb#x"}"#, "redirectUri"),
            (r#"{"redirectUri":"//app.example/cb"}"#, "redirectUri"),
            (r#"{"redirectUri":"https://u:p@app.example/cb"}"#, "redirectUri"),
            (r#"{"postLogoutRedirectUri":"javascript:1"}"#, "postLogoutRedirectUri"),
            (r#"{"scope":"profile"}"#, "scope"),
            (r#"{"scope":"openid1"}"#, "scope"),
            (r#"{"metadata":"x"}"#, "metadata"),
            (r#"{"discoveryPolicy":[]}"#, "discoveryPolicy"),
            (r#"{"discoveryPolicy":{"requireHttps":false}}"#, "requireHttps"),
            (r#"{"discoveryPolicy":{"additionalEndpointBaseAddresses":["x"]}}"#, "additionalEndpointBaseAddresses"),
            (r#"{"idTokenSignedResponseAlg":"none"}"#, "idTokenSignedResponseAlg"),
            (r#"{"idTokenSignedResponseAlg":"HS256"}"#, "idTokenSignedResponseAlg"),
            (r#"{"trustedAudiences":"api"}"#, "trustedAudiences"),
            (r#"{"resource":"https://api.example"}"#, "resource"),
            (r#"{"resource":["api"]}"#, "resource"),
            (r#"{"resource":["https://api.example/#x"]}"#, "resource"),
            (r#"{"requireAtHash":"yes"}"#, "requireAtHash"),
            (r#"{"pushedAuthorization":true}"#, "pushedAuthorization"),
            (r#"{"storage":"cookie"}"#, "storage"),
            (r#"{"popupRedirectUri":"http://app.example/popup"}"#, "popupRedirectUri"),
            (r#"{"popupRedirectUri":"https://app.example/popup#x"}"#, "popupRedirectUri"),
            (r#"{"silentRedirectUri":"/silent"}"#, "silentRedirectUri"),
            (r#"{"silentRedirectUri":"https://u:p@app.example/silent"}"#, "silentRedirectUri"),
            (r#"{"allowedOrigins":["*"]}"#, "allowedOrigins"),
            (r#"{"allowedOrigins":[1]}"#, "allowedOrigins"),
            (r#"{"allowedOrigins":[{"baseAddress":"http://api.example"}]}"#, "allowedOrigins"),
            (r#"{"allowedOrigins":[{"resource":"https://api.example"}]}"#, "baseAddress"),
            (r#"{"allowedOrigins":[{"baseAddress":"https://api.example","scopes":"a"}]}"#, "scopes"),
            (r#"{"dpop":"yes"}"#, "dpop"),
            (r#"{"dpop":{"algorithm":"HS256"}}"#, "dpop"),
            (r#"{"dpop":{"bindCode":1}}"#, "bindCode"),
            (r#"{"dpop":{"signer":"software"}}"#, "signer"),
            (r#"{"requestObject":{}}"#, "algorithm"),
            (r#"{"requestObject":{"algorithm":"none"}}"#, "requestObject"),
            (r#"{"responseMode":"fragment"}"#, "responseMode"),
            (r#"{"responseMode":"form_post"}"#, "responseMode"),
            (r#"{"authorizationSignedResponseAlg":"none"}"#, "authorizationSignedResponseAlg"),
            (r#"{"authorizationDetails":[{}]}"#, "authorizationDetails"),
            (r#"{"authorizationDetails":[]}"#, "authorizationDetails"),
            (r#"{"claims":[]}"#, "claims"),
            (r#"{"profile":"fapi1"}"#, "profile"),
            (r#"{"allowedOrigins":["http://api.example"]}"#, "allowedOrigins"),
            (r#"{"authorizeParameters":{"state":"x"}}"#, "authorizeParameters"),
            (r#"{"authorizeParameters":{"x":1}}"#, "authorizeParameters"),
            (r#"{"clockToleranceSeconds":301}"#, "clockToleranceSeconds"),
            (r#"{"clockToleranceSeconds":-1}"#, "clockToleranceSeconds"),
            (r#"{"timeoutSeconds":0}"#, "timeoutSeconds"),
            (r#"{"responseType":"token"}"#, "responseType"),
            (r#"{"client_id":"spa"}"#, "client_id"),
            (r#"{"clientSecret":"x"}"#, "clientSecret"),
        ] {
            assert_eq!(refused(changes), option, "{changes}");
        }
    }

    #[test]
    fn fapi2_turns_its_requirements_on() {
        let metadata = |required: &str| {
            let text = format!(r#"{{"issuer":"https://op.example"{required}}}"#);
            let document = Json::parse_object(text.as_bytes()).unwrap();
            ProviderMetadata::parse(&document, "https://op.example", &DiscoveryPolicy::default()).unwrap()
        };
        let plain = parse("{}").unwrap();
        assert_eq!((plain.dpop(), plain.pushes(&metadata(""))), (None, Ok(false)));
        assert_eq!(plain.pushes(&metadata(r#","require_pushed_authorization_requests":true"#)), Ok(true), "ar_13");
        let strict = parse(r#"{"profile":"fapi2"}"#).unwrap();
        assert!(strict.dpop().is_some());
        assert_eq!(strict.pushes(&metadata("")), Ok(true));
        let chosen = |list: &str| {
            let metadata = metadata(&format!(r#","id_token_signing_alg_values_supported":{list}"#));
            strict.algorithm("idTokenSignedResponseAlg", &metadata, crate::protocol::id_token::ALGORITHMS).ok()
        };
        assert_eq!(chosen(r#"["RS256","ES256"]"#), Algorithm::parse("ES256"), "RS256 is out");
        assert_eq!(chosen(r#"["RS256"]"#), None);
    }

    #[test]
    fn ar_21_a_secret_is_an_error_that_does_not_repeat_it() {
        let error = parse(r#"{"clientSecret":"hunter2"}"#).unwrap_err();
        assert!(!format!("{error:?}{error}").contains("hunter2"));
        assert!(error.details().iter().any(|(_, value)| value.contains("public client")));
    }

    #[test]
    fn di_11_static_metadata_passes_the_same_checks() {
        let with = |metadata: &str| parse(&format!(r#"{{"metadata":{metadata}}}"#)).map_err(|e| e.code());
        assert!(with(r#"{"issuer":"https://op.example","token_endpoint":"https://op.example/t"}"#).is_ok());
        assert_eq!(with(r#"{"issuer":"https://op.example/"}"#).unwrap_err(), ErrorCode::IssuerMismatch);
        let evil = with(r#"{"issuer":"https://op.example","token_endpoint":"https://evil.example/t"}"#);
        assert_eq!(evil.unwrap_err(), ErrorCode::EndpointNotAllowed);
    }

    #[test]
    fn st_07_two_clients_and_two_issuers_have_different_names() {
        let name = |changes: &str| parse(changes).unwrap().record_name("session");
        let names = [name("{}"), name(r#"{"clientId":"b"}"#), name(r#"{"authority":"https://other.example"}"#)];
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
    }
}
