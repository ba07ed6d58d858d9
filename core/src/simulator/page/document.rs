//! What every page has around it.

use super::escape::text;

/// One page, but for the frame. Everything but the title is HTML.
pub(super) struct Document<'a> {
    pub(super) title: &'a str,
    /// `checkout` or `dashboard`: names the style sheet, the script and the class of the body.
    pub(super) kind: &'a str,
    /// More for the head.
    pub(super) head: &'a str,
    pub(super) body: &'a str,
}

impl Document<'_> {
    pub(super) fn html(&self) -> String {
        let folder = if self.kind == "checkout" { "gateway" } else { self.kind };
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
             <link rel=\"icon\" href=\"/gateway/icon.svg\" type=\"image/svg+xml\">\
             <link rel=\"stylesheet\" href=\"/gateway/base.css\"><link rel=\"stylesheet\" href=\"/{folder}/{kind}.css\">\
             <script type=\"module\" src=\"/{folder}/{kind}.js\"></script>{head}</head>\
             <body class=\"{kind}\">{body}</body></html>",
            title = text(self.title),
            kind = self.kind,
            head = self.head,
            body = self.body,
        )
    }
}
