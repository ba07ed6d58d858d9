//! Values that look random, drawn from one seed: tokens, addresses, transaction hashes, keys.

use crate::{
    error::{Error, ErrorCode},
    secret::Secret,
    signature,
};

/// Draws from a keyed counter: unpredictable without the seed, and the same run again with it.
pub(super) struct Random {
    key: Secret,
    drawn: u64,
}

impl Random {
    /// Seeded by the operating system.
    pub(super) fn new() -> Result<Self, Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| Error::new(ErrorCode::ConfigPort, format!("no random bytes from the system: {error}")))?;
        Ok(Self { key: Secret::new(&hex::encode(seed))?, drawn: 0 })
    }

    /// The same draws again with the same seed.
    pub(super) fn seeded(seed: u64) -> Result<Self, Error> {
        Ok(Self { key: Secret::new(&format!("paymento simulator, seed {seed}"))?, drawn: 0 })
    }

    /// A stream of its own for this purpose, whatever is drawn from the others.
    pub(super) fn stream(&self, purpose: &str) -> Result<Self, Error> {
        Ok(Self { key: Secret::new(&self.keyed(purpose))?, drawn: 0 })
    }

    /// 64 hexadecimal characters that depend on the seed and on this text only.
    pub(super) fn keyed(&self, text: &str) -> String {
        signature::sign(text.as_bytes(), &self.key)
    }

    /// 64 lower-case hexadecimal characters: the shape of a transaction hash.
    pub(super) fn hash(&mut self) -> String {
        self.draw().to_lowercase()
    }

    /// 32 lower-case hexadecimal characters: the shape of a token.
    pub(super) fn token(&mut self) -> String {
        self.hash().chars().take(32).collect()
    }

    /// The shape of the gateway's keys: base64 over 32 upper-case hexadecimal characters, 44 characters long.
    pub(super) fn key(&mut self) -> String {
        let text: String = self.draw().chars().take(32).collect();
        base64(text.as_bytes())
    }

    fn draw(&mut self) -> String {
        self.drawn += 1;
        signature::sign(&self.drawn.to_be_bytes(), &self.key)
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let joined = chunk.iter().chain(&[0, 0]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for place in 0..4 {
            let sextet = joined >> (18 - 6 * place) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[sextet]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_have_the_shape_of_the_gateways_own() {
        let mut random = Random::new().expect("seeded");
        let (token, key) = (random.token(), random.key());
        assert_eq!((token.len(), key.len()), (32, 44));
        assert!(token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert!(key.ends_with('=') && !key.ends_with("=="));
        assert_ne!(key, random.key());
    }

    #[test]
    fn a_seed_gives_the_same_draws_and_another_seed_others() {
        let drawn = |seed| {
            let mut random = Random::seeded(seed).expect("seeded");
            [random.token(), random.keyed("x"), random.stream("x").expect("a stream").token()]
        };
        assert_eq!(drawn(7), drawn(7));
        assert!(drawn(7).iter().zip(drawn(8)).all(|(one, other)| *one != other));
    }

    #[test]
    fn base64_is_the_usual_one() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
