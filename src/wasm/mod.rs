//! What JavaScript sees: one private class, without logic. The public face is `pkg-template/src`.
//!
//! Methods take `&self` only and own what they use before their first `await`: a borrow held across one would make
//! the next call throw.

mod abort;
mod client;
mod dto;
mod errors;
