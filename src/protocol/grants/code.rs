//! The authorization code grant (RFC 6749, section 4.1.3; RFC 7636, section 4.5).

use crate::constants::{grant_types, token_request as name};
use crate::encoding::form_encode;
use crate::protocol::callback::CheckedCode;
use crate::protocol::pkce::CodeVerifier;
use crate::secret::Secret;

/// The form of the code exchange of a public client.
pub fn form(client_id: &str, code: &CheckedCode, redirect_uri: &str, verifier: &CodeVerifier) -> Secret {
    Secret::new(form_encode(&[
        (name::GRANT_TYPE, grant_types::AUTHORIZATION_CODE),
        (name::CODE, code.expose()),
        (name::REDIRECT_URI, redirect_uri),
        (name::CODE_VERIFIER, verifier.expose()),
        (name::CLIENT_ID, client_id),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::callback::{Expected, parse};

    #[test]
    fn tr_01_the_body_is_exactly_this() {
        let expected = Expected { state: "S", issuer: "https://op", iss_required: false };
        let code = parse("https://app/cb?state=S&code=a%2Fb", "https://app/cb").unwrap().check(&expected).unwrap();
        let form = form("spa", &code, "https://app/cb", &CodeVerifier::from_stored("V"));
        assert_eq!(
            form.expose(),
            "grant_type=authorization_code&code=a%2Fb&redirect_uri=https%3A%2F%2Fapp%2Fcb&code_verifier=V&client_id=spa"
        );
    }
}
