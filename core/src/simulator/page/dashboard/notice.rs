//! What the dashboard says about the last form.

/// What came of the last form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum Notice {
    Sent,
    Saved,
    Moved,
    BadAmount,
    BadUrl,
    BadChance,
    NoUrl,
    Gone,
}

impl Notice {
    const ALL: [Self; 8] =
        [Self::Sent, Self::Saved, Self::Moved, Self::BadAmount, Self::BadUrl, Self::BadChance, Self::NoUrl, Self::Gone];

    /// As it stands in the page's address.
    pub(in crate::simulator) const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Saved => "saved",
            Self::Moved => "moved",
            Self::BadAmount => "amount",
            Self::BadUrl => "url",
            Self::BadChance => "chance",
            Self::NoUrl => "nourl",
            Self::Gone => "gone",
        }
    }

    pub(in crate::simulator) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == name)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Sent => "On its way.",
            Self::Saved => "Saved.",
            Self::Moved => "That makes no sense now: the payment has moved on.",
            Self::BadAmount => "An amount is a decimal above zero, like 0.0004.",
            Self::BadUrl => "A callback URL begins with http:// or https:// and has a host.",
            Self::BadChance => "A chance is from 0 to 100 percent, and a seed a whole number.",
            Self::NoUrl => "The store has no callback URL. Set one under Stores.",
            Self::Gone => "The simulator does not know it, or does not keep it any more.",
        }
    }

    const fn is_good(self) -> bool {
        matches!(self, Self::Sent | Self::Saved)
    }

    pub(super) fn html(self) -> String {
        let mood = if self.is_good() { "good" } else { "bad" };
        format!("<p id=\"notice\" class=\"notice {mood}\" role=\"status\">{}</p>", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_is_found_by_its_name() {
        assert!(Notice::ALL.into_iter().all(|notice| Notice::named(notice.as_str()) == Some(notice)));
        assert_eq!(Notice::named("<script>"), None);
    }
}
