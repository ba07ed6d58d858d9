//! The `paymento` command. What it does is in `paymento::cli`.

use std::{io, process::ExitCode};

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    paymento::cli::run(arguments, &mut io::stdout().lock(), &mut io::stderr().lock()).into()
}
