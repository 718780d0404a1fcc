//! Grants: which parameters each sends to the token endpoint.

pub mod code;
