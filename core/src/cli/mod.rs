//! The command line, the same one from cargo, pip and npm: `paymento simulator`, `paymento trigger`, `paymento schema`.
//!
//! [`run`] is all of it: a program hands over its arguments and two places to write to, and gets the exit code.

mod arguments;
mod serve;
mod trigger;
mod usage;

use std::{ffi::OsString, io::Write};

use arguments::Command;
use usage::Usage;

/// Exit codes: what was asked for was done.
const DONE: u8 = 0;
/// It was tried and did not succeed.
const FAILED: u8 = 1;
/// The command line was not understood.
const MISUSED: u8 = 2;

/// Runs the command line and gives the exit code: 0 done, 1 failed, 2 not understood. Blocks; `paymento simulator` until
/// it is told to stop or its output is closed.
///
/// `arguments` come without the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, output: &mut dyn Write, errors: &mut dyn Write) -> u8 {
    let outcome = match arguments::parse(arguments) {
        Ok(Command::Help(text)) => Ok(print(output, text)),
        Ok(Command::Version) => Ok(print(output, concat!("paymento ", env!("CARGO_PKG_VERSION"), "\n"))),
        Ok(Command::Simulator(asked)) => serve::run(asked, output, errors),
        #[cfg(feature = "checkout")]
        Ok(Command::Schema(sql)) => Ok(print(output, sql)),
        Ok(Command::Trigger(asked)) => match trigger::prepare(asked) {
            Ok(trigger) => trigger::run(&trigger, output),
            Err(usage) => return misused(errors, &usage),
        },
        Err(usage) => return misused(errors, &usage),
    };
    outcome.unwrap_or_else(|failure| {
        let _ = writeln!(errors, "paymento: {failure}");
        FAILED
    })
}

fn misused(errors: &mut dyn Write, usage: &Usage) -> u8 {
    // With nowhere to write to, the exit code says it.
    let _ = writeln!(errors, "paymento: {usage}");
    let _ = writeln!(errors, "`paymento --help` lists what there is");
    MISUSED
}

fn print(output: &mut dyn Write, text: &str) -> u8 {
    // A closed pipe is no failure of ours.
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    DONE
}

/// Text from outside, safe for a terminal: no control character, no turned line.
fn printable(text: &str) -> String {
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if odd(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(line: &str) -> (u8, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let code = run(line.split_whitespace().map(OsString::from), &mut output, &mut errors);
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (code, text(output), text(errors))
    }

    #[test]
    fn help_and_version_go_to_the_output_and_succeed() {
        for (line, part) in [
            ("", "paymento simulator"),
            ("--help", "paymento trigger"),
            ("simulator --help", "--ipn-url"),
            ("trigger -h", "underpaid"),
            ("--version", env!("CARGO_PKG_VERSION")),
        ] {
            let (code, output, errors) = ran(line);
            assert_eq!((code, errors.as_str()), (DONE, ""), "{line}");
            assert!(output.contains(part), "{line}: {output}");
        }
    }

    #[cfg(feature = "checkout")]
    #[test]
    fn the_schema_is_printed_as_a_database_reads_it() {
        for name in ["postgres", "sqlite"] {
            let (code, output, errors) = ran(&format!("schema {name}"));
            assert_eq!((code, errors.as_str()), (DONE, ""));
            assert_eq!(Some(output.as_str()), crate::Checkout::schema_sql(name).ok());
        }
        for line in ["schema", "schema oracle", "schema sqlite postgres", "schema --all"] {
            let (code, output, errors) = ran(line);
            assert_eq!((code, output.as_str(), errors.is_empty()), (MISUSED, "", false), "{line}");
        }
        assert!(ran("schema --help").1.contains("postgres") && ran("help schema").1.contains("postgres"));
    }

    #[test]
    fn a_wrong_command_line_is_explained_and_exits_with_2() {
        let (code, output, errors) = ran("simulator --nonsense");
        assert_eq!((code, output.as_str()), (MISUSED, ""));
        assert!(errors.contains("--nonsense") && errors.contains("--help"), "{errors}");
    }

    #[test]
    fn a_trigger_that_cannot_be_sent_as_asked_exits_with_2_and_one_that_is_not_answered_with_1() {
        for (line, code) in [
            ("trigger paid nonsense --secret s3cret", MISUSED),
            ("trigger paid ftp://127.0.0.1/ --secret s3cret", MISUSED),
            ("trigger paid http://127.0.0.1:9/ --secret ", MISUSED),
            ("trigger paid http://127.0.0.1:9/ --secret s3cret", FAILED),
        ] {
            let (ended, _, errors) = ran(line);
            assert_eq!(ended, code, "{line}: {errors}");
        }
    }

    #[test]
    fn nothing_from_outside_steers_the_terminal() {
        assert_eq!(printable("A\u{1b}[2J\u{202e}é"), "A\u{fffd}[2J\u{fffd}é");
    }
}
