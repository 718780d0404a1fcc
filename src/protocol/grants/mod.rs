//! Grants: which parameters each sends to the token endpoint.

pub mod ciba;
pub mod client_credentials;
pub mod code;
pub mod device;
pub mod jwt_bearer;
pub mod password;
pub mod refresh;
pub mod token_exchange;
