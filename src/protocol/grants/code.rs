//! The authorization code grant (RFC 6749, section 4.1.3; RFC 7636, section 4.5).

use crate::protocol::request::Message;
use crate::protocol::token;

/// Tokens for a code.
pub const MESSAGE: Message =
    Message { sends: "grant_type=authorization_code !code !redirect_uri code_verifier [resource", ..token::MESSAGE };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::protocol::exchange::Exchange;

    #[test]
    fn tr_01_the_body_is_exactly_this() {
        let options = br#"{"address":"https://op/t","clientId":"spa","code":"a/b","redirectUri":"https://app/cb",
            "codeVerifier":"V"}"#;
        let mut exchange = Exchange::new(&MESSAGE, &Json::parse_object(options).unwrap()).unwrap();
        let (media_type, body) = exchange.take_http(&MESSAGE).body.unwrap();
        assert_eq!(media_type, "application/x-www-form-urlencoded");
        assert_eq!(
            body.expose(),
            "grant_type=authorization_code&code=a%2Fb&redirect_uri=https%3A%2F%2Fapp%2Fcb&code_verifier=V&client_id=spa"
        );
    }
}
