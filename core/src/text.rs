//! Other people's text, made fit for an error message.

use url::Url;

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
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A URL without what may be secret in it: user name, password and query. What is no URL is shown only if it can hold
/// none of these.
pub(crate) fn printable_url(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.has_host() => quote(&format!("{}{}", url.origin().ascii_serialization(), url.path())),
        _ if text.contains(['@', '?', '&']) => "something that is not shown".to_owned(),
        _ => quote(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_url_keeps_its_secrets() {
        assert_eq!(printable_url("https://user:pw@shop.example/cb?key=s3cr3t#x"), "\"https://shop.example/cb\"");
        assert_eq!(printable_url("https://user:pw@host:99999"), "something that is not shown");
        assert_eq!(printable_url("shop.example"), "\"shop.example\"");
    }

    #[test]
    fn a_quoted_text_cannot_break_a_log_line_or_fill_it() {
        assert_eq!(quote("a\nb\u{1b}[31m\u{202e}"), "\"ab[31m\"");
        assert_eq!(quote(&"x".repeat(1000)).chars().count(), LONGEST + 3);
    }
}
