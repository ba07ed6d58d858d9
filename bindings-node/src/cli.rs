//! The command line, as `npx paymento` runs it.

use std::io;

use napi::{Env, bindgen_prelude::PromiseRaw};
use napi_derive::napi;
use tokio::task::spawn_blocking;

/// What a program exits with whose thread ended early.
const FAILED: u8 = 1;

/// Runs the command line on a thread of its own, writing to the process's output, and gives the exit code.
///
/// `arguments` come without the program's name.
#[napi]
pub fn run_command_line(env: &Env, arguments: Vec<String>) -> napi::Result<PromiseRaw<'_, u8>> {
    env.spawn_future(async { Ok(spawn_blocking(|| run(arguments)).await.unwrap_or(FAILED)) })
}

fn run(arguments: Vec<String>) -> u8 {
    let arguments = arguments.into_iter().map(Into::into);
    paymento::cli::run(arguments, &mut io::stdout().lock(), &mut io::stderr().lock())
}
