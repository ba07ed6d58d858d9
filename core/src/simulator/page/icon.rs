//! Small drawings, in the color of the text around them.

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    Check,
    Cross,
    Clock,
    Waves,
    Bang,
    Question,
}

impl Icon {
    /// The drawing, hidden from screen readers: the words beside it say the same.
    pub(super) fn svg(self) -> String {
        let path = match self {
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::Cross => "M6.5 6.5l11 11m0-11-11 11",
            Self::Clock => "M12 7v5.5l3.5 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
            Self::Waves => "M3 9.5c3-3 6-3 9 0s6 3 9 0M3 15c3-3 6-3 9 0s6 3 9 0",
            Self::Bang => "M12 5v8.5m0 4.4v.1",
            Self::Question => "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.2-1.5 2.3m0 3.4v.1",
        };
        format!(
            "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{path}\" fill=\"none\" \
             stroke=\"currentColor\" stroke-width=\"2.2\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>"
        )
    }
}
