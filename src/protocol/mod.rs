//! The messages of OAuth 2.0 and OpenID Connect, one file each, pure: `now` and random bytes are arguments; nothing here
//! waits, sends or stores.
//!
//! A message is a [`request::Message`]: tables of what is sent and what comes back, with the rules that tables cannot say
//! beside them. [`exchange`] makes requests of them and reads the answers; [`call`] is what needs no request at all.

pub mod answer;
pub mod authorize;
pub mod backchannel_authentication;
pub mod call;
pub mod callback;
pub mod challenge;
pub mod client_auth;
pub mod device_authorization;
pub mod discovery;
pub mod dpop;
pub mod exchange;
pub mod grants;
pub mod id_token;
pub mod introspection;
pub mod jar;
pub mod jarm;
pub mod logout;
pub mod logout_token;
pub mod nonces;
pub mod par;
pub mod parameters;
pub mod pkce;
pub mod policy;
pub mod profile;
pub mod protected_resource;
pub mod registration;
pub mod request;
pub mod revocation;
pub mod schedule;
pub mod state;
pub mod token;
pub mod userinfo;
