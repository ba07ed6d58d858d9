//! Other people's text, made fit for an error message.

const LONGEST: usize = 60;

/// In quotes, without control characters, cut after 60 characters.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", clean(text, LONGEST))
}

/// Without control characters or invisible formatting, cut after `longest` characters.
pub(crate) fn clean(text: &str, longest: usize) -> String {
    let mut clean: String = text.chars().filter(|c| !is_hidden(*c)).take(longest + 1).collect();
    if clean.chars().count() > longest {
        clean.pop();
        clean.push('…');
    }
    clean
}

/// Control characters, and those that turn the direction of a line in a log.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_cannot_break_a_log_line_or_fill_it() {
        assert_eq!(quote("a\nb\u{1b}[31m\u{202e}"), "\"ab[31m\"");
        assert_eq!(quote(&"x".repeat(1000)).chars().count(), LONGEST + 3);
    }
}
