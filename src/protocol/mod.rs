//! The messages of OAuth 2.0 and OpenID Connect, one file each: `build` and `parse`, pure. `now` and random bytes are
//! arguments; nothing here waits, sends or stores.

pub mod answer;
pub mod authorize;
pub mod callback;
pub mod discovery;
pub mod grants;
pub mod id_token;
pub mod logout;
pub mod pkce;
pub mod policy;
pub mod state;
pub mod token;
pub mod userinfo;
