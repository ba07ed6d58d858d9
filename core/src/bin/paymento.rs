//! The `paymento` command. What it does is in `paymento::cli`.

use std::{io, process::ExitCode};

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    // Not locked: a panic on the simulator's own thread could not be printed, and would hang it.
    paymento::cli::run(arguments, &mut io::stdout(), &mut io::stderr()).into()
}
