//! Which URLs a provider may send us to.

use crate::error::{Error, ErrorCode, Result, require_equal};
use crate::json::{Json, Object};
use crate::protocol::request::checked;
use crate::url::HttpUrl;

/// Every rule that can be changed, by the name that TypeScript uses; what they mean is said there (`DiscoveryPolicy`).
const OPTIONS: &str = "[additionalEndpointBaseAddresses ?dangerousAllowHttp ?allowHttpOnLoopback \
    [dangerousLoopbackAddresses authorityValidation ?dangerousSkipIssuerValidation \
    ?dangerousSkipEndpointValidation [dangerousExcludeEndpoints ?requireKeySet";
const BASES: &str = "additionalEndpointBaseAddresses";
const ALLOW_HTTP: &str = "dangerousAllowHttp";

/// What discovery insists on.
#[derive(Clone, Debug, Default)]
pub struct DiscoveryPolicy(Object);

impl DiscoveryPolicy {
    /// Reads the options of a policy.
    pub fn parse(options: Option<&Object>, code: ErrorCode) -> Result<Self> {
        let policy = checked(options.unwrap_or(&Object::default()), OPTIONS, code)?;
        if !matches!(policy.str("authorityValidation"), None | Some("ordinal" | "url")) {
            return Err(Error::new(code).with("option", "authorityValidation").with("reason", "unknown"));
        }
        let policy = Self(policy);
        for base in policy.0.list(BASES).iter().filter_map(Json::as_text) {
            policy
                .check_issuer(base)
                .map_err(|error| Error::new(code).with("option", BASES).with("reason", error.detail("reason")))?;
        }
        Ok(policy)
    }

    /// Whether `http:` is accepted beyond loopback.
    pub fn allows_http(&self) -> bool {
        self.0.flag(ALLOW_HTTP)
    }

    /// A policy for single URLs that an application has named, from the options they are among.
    pub fn of(options: &Object) -> Self {
        let mut policy = Object::default();
        policy.set(ALLOW_HTTP, options.flag(ALLOW_HTTP).into());
        policy.set("dangerousSkipEndpointValidation", true.into());
        Self(policy)
    }

    /// A URL that may be fetched or navigated to: absolute, `https` (or `http` on loopback), without user name,
    /// fragment or dot segments (RFC 8414, section 2; RFC 9700, section 2.6).
    pub fn check_url<'a>(&self, name: &str, text: &'a str) -> Result<HttpUrl<'a>> {
        let refuse = |reason: &str| Error::new(ErrorCode::InsecureUrl).with("name", name).with("reason", reason);
        let url = HttpUrl::parse(text).map_err(|problem| refuse(problem.as_str()))?;
        let named = |host: &Json| host.as_text().is_some_and(|host| host.eq_ignore_ascii_case(url.host));
        let is_local = url.is_loopback() || self.0.list("dangerousLoopbackAddresses").iter().any(named);
        let is_local = is_local && self.0.get("allowHttpOnLoopback") != Some(&Json::Bool(false));
        if !(url.secure || is_local || self.0.flag(ALLOW_HTTP)) {
            return Err(refuse("not_https"));
        }
        if url.fragment.is_some() {
            return Err(refuse("fragment"));
        }
        Ok(url)
    }

    /// An issuer: as above, and without a query (OpenID Connect Discovery, section 3; RFC 9207, section 2).
    pub fn check_issuer<'a>(&self, text: &'a str) -> Result<HttpUrl<'a>> {
        let url = self.check_url("issuer", text)?;
        if url.query.is_some() {
            return Err(Error::new(ErrorCode::InsecureUrl).with("name", "issuer").with("reason", "query"));
        }
        Ok(url)
    }

    /// An endpoint from metadata: as above, and on the authority's origin or below a base address named for it.
    pub fn check_endpoint(&self, name: &str, text: &str, authority: &HttpUrl<'_>) -> Result<()> {
        let url = self.check_url(name, text)?;
        if self.0.flag("dangerousSkipEndpointValidation")
            || self.0.lists("dangerousExcludeEndpoints", name)
            || url.same_origin(authority)
            || url.is_below_any(self.0.list(BASES))
        {
            return Ok(());
        }
        Err(Error::new(ErrorCode::EndpointNotAllowed).with("name", name).with("host", url.host))
    }

    /// The issuer that a document names is the one that was asked: character for character, or as a URL.
    pub fn check_same_issuer(&self, expected: &str, actual: &str) -> Result<()> {
        let same_url = || {
            let (Ok(expected), Ok(actual)) = (HttpUrl::parse(expected), HttpUrl::parse(actual)) else { return false };
            let plain = actual.query.is_none() && actual.fragment.is_none();
            plain && expected.same_origin(&actual) && expected.path_or_root() == actual.path_or_root()
        };
        if self.0.flag("dangerousSkipIssuerValidation")
            || (self.0.str("authorityValidation") == Some("url") && same_url())
        {
            return Ok(());
        }
        require_equal(ErrorCode::IssuerMismatch, expected, actual)
    }

    /// Every endpoint that a document names, known here or not, and that there are keys (all but the issuer).
    pub fn check_document(&self, document: &Object, authority: &str) -> Result<()> {
        let authority = self.check_issuer(authority)?;
        let aliases = document.object("mtls_endpoint_aliases");
        for (name, value) in document.iter().chain(aliases.iter().flat_map(|aliases| aliases.iter())) {
            if name.ends_with("_endpoint") || matches!(name, "jwks_uri" | "check_session_iframe") {
                let url = value.as_text().ok_or_else(|| Error::new(ErrorCode::InvalidResponse).with("member", name))?;
                self.check_endpoint(name, url, &authority)?;
            }
        }
        if self.0.get("requireKeySet") != Some(&Json::Bool(false)) && !document.contains("jwks_uri") {
            return Err(Error::new(ErrorCode::EndpointMissing).with("name", "jwks_uri"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(result: Result<T>) -> &'static str {
        result.map_or_else(|error| error.code().as_str(), |_| "ok")
    }

    #[test]
    fn di_01_an_issuer_is_https_without_query_fragment_and_user_name() {
        let policy = DiscoveryPolicy::default();
        for good in ["https://op.example", "https://op.example/tenant/", "http://localhost:9400", "http://127.0.0.1"] {
            assert_eq!(code(policy.check_issuer(good)), "ok", "{good}");
        }
        for bad in [
            "http://op.example",
            "https://op.example?x",
            "https://op.example#x",
            "https://u@op.example",
            "op.example",
            "",
            "https://op.example/a/../b",
            "javascript:alert(1)",
        ] {
            assert_eq!(code(policy.check_issuer(bad)), "insecure_url", "{bad}");
        }
        let mut options = Object::default();
        options.set("dangerousAllowHttp", true.into());
        let relaxed = DiscoveryPolicy::of(&options);
        assert_eq!(code(relaxed.check_issuer("http://op.example")), "ok");
    }

    #[test]
    fn endpoints_lie_on_the_authority_or_below_a_named_base_address() {
        let authority = HttpUrl::parse("https://op.example/tenant").unwrap();
        let mut options = Object::default();
        options.set("additionalEndpointBaseAddresses", vec!["https://keys.example/op"].into());
        let policy = DiscoveryPolicy::parse(Some(&options), ErrorCode::InvalidArgument).unwrap();
        let check = |text| code(policy.check_endpoint("jwks_uri", text, &authority));
        assert_eq!(check("https://op.example/other"), "ok");
        assert_eq!(check("https://keys.example/op/jwks"), "ok");
        assert_eq!(check("https://keys.example/other"), "endpoint_not_allowed");
        assert_eq!(check("https://evil.example/jwks"), "endpoint_not_allowed");
        assert_eq!(check("https://op.example:444/jwks"), "endpoint_not_allowed");
        assert_eq!(check("http://op.example/jwks"), "insecure_url");
    }
}
