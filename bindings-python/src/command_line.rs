//! The `paymento` command, as the wheel installs it.

use std::{ffi::OsString, io};

use pyo3::prelude::*;

/// Runs the command line with these arguments, the program's name not among them, and gives the exit code. Whoever calls
/// this leaves Ctrl-C to the system: nothing of Python's runs until it returns.
#[pyfunction]
#[pyo3(signature = (arguments: "list[str]") -> "int")]
pub(crate) fn run_command_line(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    // Not locked: a panic on the simulator's own thread could not be printed, and would hang it.
    py.detach(|| paymento::cli::run(arguments, &mut io::stdout(), &mut io::stderr()))
}
