//! [`Profile`]: which edition of the gateway's contract is played, and the switches for what no edition settles.

use std::fmt;

use super::SimulatorBuilder;
use crate::error::{Error, ErrorCode};

/// Defines options with names; the first one is the default.
macro_rules! options {
    ($($(#[$docs:meta])* $option:ident { $($(#[$variant_docs:meta])* $variant:ident = $name:literal,)* })*) => {$(
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $option {
            #[default]
            $($(#[$variant_docs])* $variant,)*
        }

        impl $option {
            /// Every one, the default first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl fmt::Display for $option {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// Reads the stable name; anything else is `input.fault`.
        impl std::str::FromStr for $option {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                let named = Self::ALL.iter().copied().find(|option| option.as_str() == text.trim());
                named.ok_or_else(|| not_an_option([$($name,)*].as_slice()))
            }
        }
    )*};
}

options! {
    /// Which edition of the gateway's contract the simulator plays.
    Profile {
        /// The newer documentation: verify gives `orderStatus` as text, and the settlement.
        Current = "current",
        /// The published schema and nothing beyond it: `orderStatus` is a number, and there is no settlement.
        Published = "published",
    }

    /// How the API answers a missing or wrong key, which no source says.
    BadKeyAnswer {
        /// HTTP 401, with `success: false`.
        Unauthorized = "unauthorized",
        /// HTTP 200, with `success: false`.
        Refused = "refused",
    }

    /// The HTTP status of an answer with `success: false` and a message, such as `Only HTTPS URLs are allowed`. No source
    /// says which it is. A verify of a payment that is not paid yet is no such answer; it is always 200.
    BusinessErrorStatus {
        /// 200.
        Ok = "200",
        /// 400.
        BadRequest = "400",
    }

    /// The body of verify's answer to a token that the store does not have. Both shapes were seen.
    UnknownTokenAnswer {
        /// No body: null, or left out where the published schema allows no null.
        NoBody = "no_body",
        /// A payment of default values, whose `orderStatus` reads Initialize.
        DefaultBody = "default_body",
    }
}

fn not_an_option(names: &[&str]) -> Error {
    Error::new(ErrorCode::InputFault, "the simulator has no such option")
        .with_hint(format!("one of {}", names.join(", ")))
}

/// How the API answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ApiRules {
    pub(super) profile: Profile,
    pub(super) bad_key: BadKeyAnswer,
    pub(super) business_error: BusinessErrorStatus,
    pub(super) unknown_token: UnknownTokenAnswer,
    pub(super) any_host: bool,
}

/// How the API answers.
impl SimulatorBuilder {
    /// Which edition of the contract is played. Default: current.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.api.profile = profile;
        self
    }

    /// How a missing or wrong API key is answered. Default: HTTP 401.
    pub fn bad_key_answer(mut self, answer: BadKeyAnswer) -> Self {
        self.api.bad_key = answer;
        self
    }

    /// The HTTP status of what the gateway understands and refuses. Default: 200.
    pub fn business_error_status(mut self, status: BusinessErrorStatus) -> Self {
        self.api.business_error = status;
        self
    }

    /// What verify's answer to an unknown token holds. Default: no body.
    pub fn unknown_token_answer(mut self, answer: UnknownTokenAnswer) -> Self {
        self.api.unknown_token = answer;
        self
    }

    /// Whether requests are answered whose `Host` is not this machine's loopback, for instance behind a tunnel. Default:
    /// false, so that no web page can reach the simulator under a name of its own.
    pub fn any_host(mut self, allowed: bool) -> Self {
        self.api.any_host = allowed;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_read_from_its_name_and_no_other() {
        for profile in Profile::ALL {
            assert_eq!(profile.as_str().parse::<Profile>().ok(), Some(*profile));
        }
        assert_eq!("400".parse::<BusinessErrorStatus>().ok(), Some(BusinessErrorStatus::BadRequest));
        assert_eq!(BadKeyAnswer::default().to_string(), "unauthorized");
        let error = "nonsense".parse::<Profile>().expect_err("no profile");
        assert_eq!((error.code(), error.hint()), (ErrorCode::InputFault, Some("one of current, published")));
    }
}
