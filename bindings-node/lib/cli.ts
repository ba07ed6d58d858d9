#!/usr/bin/env node
// No signal handler here: Ctrl-C and SIGTERM end the process, and the simulator with it.
import { native } from "./binding.js";

native.runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
