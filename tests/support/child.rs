//! The same test once more in a process of its own, for what depends on the environment.

use std::process::{Command, Output};

const MARK: &str = "PAYMENTO_TEST_CHILD";

/// Whether this is the child.
pub fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs the test with this name again, with these variables set, and gives what it printed.
pub fn run(test: &str, environment: &[(&str, &str)]) -> Output {
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args([test, "--exact", "--nocapture"])
        .env(MARK, "1")
        .envs(environment.iter().copied())
        .output()
        .expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
