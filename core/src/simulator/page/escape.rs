//! Text from outside, made safe for HTML.

/// A longer order id or store name is cut on the page, though nowhere else.
const LONGEST: usize = 120;

/// Escaped for text and for a quoted attribute, and cut where it would fill the page.
pub(in crate::simulator) fn text(raw: &str) -> String {
    let mut cut: String = raw.chars().take(LONGEST).collect();
    if cut.len() < raw.len() {
        cut.push('…');
    }
    whole(&cut)
}

/// The same in full: for a URL, an address, a value to copy.
pub(in crate::simulator) fn whole(raw: &str) -> String {
    raw.chars().fold(String::with_capacity(raw.len()), |mut safe, c| {
        push(&mut safe, c);
        safe
    })
}

/// The same in full with its lines and tabs kept: for `<pre>`.
pub(in crate::simulator) fn lines(raw: &str) -> String {
    raw.chars().fold(String::with_capacity(raw.len()), |mut safe, c| {
        match c {
            '\n' | '\t' => safe.push(c),
            c => push(&mut safe, c),
        }
        safe
    })
}

fn push(safe: &mut String, c: char) {
    match c {
        '&' => safe.push_str("&amp;"),
        '<' => safe.push_str("&lt;"),
        '>' => safe.push_str("&gt;"),
        '"' => safe.push_str("&quot;"),
        '\'' => safe.push_str("&#39;"),
        c if is_unprintable(c) => safe.push('\u{fffd}'),
        c => safe.push(c),
    }
}

/// Control characters, those that turn the direction of a line, and those that take no room. The joiners that Persian
/// and emoji need stay.
fn is_unprintable(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    turns || hides || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_and_not_run() {
        let shown = "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;";
        for escape in [text, whole, lines] {
            assert_eq!(escape("<img src=x onerror=\"a('b')\">&"), shown);
            assert_eq!(escape("a\0\u{1b}b\u{202e}"), "a\u{fffd}\u{fffd}b\u{fffd}");
        }
    }

    #[test]
    fn a_text_that_would_fill_the_page_is_cut() {
        assert_eq!(text(&"é".repeat(500)).chars().count(), LONGEST + 1);
        assert_eq!(text("short"), "short");
        assert_eq!(whole(&"é".repeat(500)).chars().count(), 500);
    }

    #[test]
    fn only_a_block_keeps_its_lines() {
        assert_eq!(lines("a\n\tb\r"), "a\n\tb\u{fffd}");
        assert_eq!(text("a\nb"), "a\u{fffd}b");
    }
}
