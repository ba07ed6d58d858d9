//! The key as it is stored.

use std::borrow::Cow;

use crate::{
    error::{Error, ErrorCode},
    signature::digest,
};

/// The longest key that is stored as it is, in characters. The table has this width.
pub const MAX_READABLE_KEY: usize = 255;

const DIGEST_PREFIX: &str = "sha256:";

/// The key as it is stored: itself where it is at most 255 visible ASCII characters, otherwise `sha256:` and its digest.
///
/// So no collation, character set, padding or column width makes two keys one, or one key two.
///
/// # Errors
/// `input.type`: the key is empty.
pub fn stored_key(key: &str) -> Result<Cow<'_, str>, Error> {
    if key.is_empty() {
        return Err(Error::new(ErrorCode::InputType, "key must be text; got an empty string"));
    }
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && key.len() <= MAX_READABLE_KEY && !key.starts_with(DIGEST_PREFIX) {
        return Ok(key.into());
    }
    Ok(format!("{DIGEST_PREFIX}{}", hex::encode(digest(key.as_bytes()))).into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_usual_key_is_stored_as_it_is() {
        let longest = "k".repeat(MAX_READABLE_KEY);
        for key in ["paid:default:A-578", "');DROP/**/TABLE/**/orders;--", &longest] {
            assert_eq!(stored_key(key).unwrap(), key);
        }
    }

    #[test]
    fn keys_that_a_database_might_take_for_one_stay_apart() {
        let nfd = "Cafe\u{301}";
        let long = "k".repeat(MAX_READABLE_KEY + 1);
        let keys = ["a", "A", "a ", "a\0", " a", "ä", "Café", nfd, "😀", "😁", "\u{feff}a", "a\n", &long];
        let stored: HashSet<_> = keys.iter().map(|key| stored_key(key).unwrap()).collect();
        assert_eq!(stored.len(), keys.len());
    }

    #[test]
    fn no_key_can_pass_for_the_digest_of_another() {
        let digest = stored_key("two words").unwrap().into_owned();
        assert_ne!(stored_key(&digest).unwrap(), digest);
    }

    #[test]
    fn an_empty_key_is_refused() {
        assert_eq!(stored_key("").unwrap_err().code(), ErrorCode::InputType);
    }

    proptest! {
        #[test]
        fn whatever_the_key_what_is_stored_fits_the_table(key in ".{1,600}") {
            let stored = stored_key(&key).unwrap();
            prop_assert!(stored.len() <= MAX_READABLE_KEY);
            prop_assert!(stored.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
