//! Which URLs a provider may send us to.

use crate::error::{Error, ErrorCode, Result};
use crate::json::Json;
use crate::url::HttpUrl;

/// What discovery insists on; see `DiscoveryPolicy` in the TypeScript types.
#[derive(Clone, Debug, Default)]
pub struct DiscoveryPolicy {
    /// Base addresses, besides the authority's own origin, below which endpoints may lie.
    pub additional_endpoint_base_addresses: Vec<Json>,
    /// Accept `http:` beyond loopback.
    pub dangerous_allow_http: bool,
}

impl DiscoveryPolicy {
    /// A URL that may be fetched or navigated to: absolute, `https` (or `http` on loopback), without user name,
    /// fragment or dot segments (RFC 8414, section 2; RFC 9700, section 2.6).
    pub fn check_url<'a>(&self, name: &'static str, text: &'a str) -> Result<HttpUrl<'a>> {
        let refuse = |reason: &str| Error::new(ErrorCode::InsecureUrl).with("name", name).with("reason", reason);
        let url = HttpUrl::parse(text).map_err(|problem| refuse(problem.as_str()))?;
        if !(url.secure || url.is_loopback() || self.dangerous_allow_http) {
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
    pub fn check_endpoint(&self, name: &'static str, text: &str, authority: &HttpUrl<'_>) -> Result<()> {
        let url = self.check_url(name, text)?;
        if url.same_origin(authority) || url.is_below_any(&self.additional_endpoint_base_addresses) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::EndpointNotAllowed).with("name", name).with("host", url.host))
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
        let relaxed = DiscoveryPolicy { dangerous_allow_http: true, ..DiscoveryPolicy::default() };
        assert_eq!(code(relaxed.check_issuer("http://op.example")), "ok");
    }

    #[test]
    fn endpoints_lie_on_the_authority_or_below_a_named_base_address() {
        let authority = HttpUrl::parse("https://op.example/tenant").unwrap();
        let policy = DiscoveryPolicy {
            additional_endpoint_base_addresses: vec!["https://keys.example/op".into()],
            dangerous_allow_http: false,
        };
        let check = |text| code(policy.check_endpoint("jwks_uri", text, &authority));
        assert_eq!(check("https://op.example/other"), "ok");
        assert_eq!(check("https://keys.example/op/jwks"), "ok");
        assert_eq!(check("https://keys.example/other"), "endpoint_not_allowed");
        assert_eq!(check("https://evil.example/jwks"), "endpoint_not_allowed");
        assert_eq!(check("https://op.example:444/jwks"), "endpoint_not_allowed");
        assert_eq!(check("http://op.example/jwks"), "insecure_url");
    }
}
