//! JSON over several lines, digit for digit as it came.

use serde::de::IgnoredAny;

/// The same JSON, indented. Numbers, escapes and the order of members stay as they are. None when it is no JSON.
pub(super) fn json(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
    let (mut out, mut depth, mut in_text, mut escaped) = (String::new(), 0, false, false);
    let mut rest = str::from_utf8(bytes).ok()?.chars().filter(|c| !c.is_ascii_control()).peekable();
    while let Some(c) = rest.next() {
        if in_text {
            out.push(c);
            in_text = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            ' ' => {}
            '{' | '[' if matches!(rest.peek(), Some('}' | ']')) => out.extend([c, rest.next().unwrap_or_default()]),
            '{' | '[' => {
                depth += 1;
                open_line(&mut out, Some(c), depth);
            }
            '}' | ']' => {
                depth -= 1;
                open_line(&mut out, None, depth);
                out.push(c);
            }
            ',' => open_line(&mut out, Some(c), depth),
            ':' => out.push_str(": "),
            c => {
                in_text = c == '"';
                out.push(c);
            }
        }
    }
    Some(out)
}

fn open_line(out: &mut String, end: Option<char>, depth: usize) {
    out.extend(end);
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn every_digit_and_the_order_stay() {
        let raw = br#"{"b":9007199254740993, "a":[1.10,"x\",{}"],"e":{},"n":[ ]}"#;
        let lines = "{\n  \"b\": 9007199254740993,\n  \"a\": [\n    1.10,\n    \"x\\\",{}\"\n  ],\n  \"e\": {},\n  \"n\": [\n    \n  ]\n}";
        assert_eq!(json(raw).as_deref(), Some(lines));
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        assert_eq!(json(b"{\"a\":"), None);
        assert_eq!(json(b"\xff"), None);
    }
}
