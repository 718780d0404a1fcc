//! Values that must never reach a log, an error or a URL by accident.

use zeroize::Zeroizing;

/// A secret text: a token, a code, a verifier.
///
/// It has no `Display`, its `Debug` shows nothing, two of them cannot be compared by accident, and its memory is
/// overwritten when it is dropped. A JavaScript string made from it cannot be overwritten by anyone.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Every use of this name in a review is a place to look at.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// `Debug` that shows the name of a type and nothing of its content.
macro_rules! redacted {
    ($($type:ty),+) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    )+};
}
pub(crate) use redacted;

redacted!(Secret);

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn lg_01_debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Secret(..)");
    }
}
