#!/usr/bin/env node
import { native } from "./binding.js";
import { runWorker, WORKER_HELP } from "./worker-command.js";

const [command, ...rest] = process.argv.slice(2);

if (command === "worker") {
  // The shop's module may hold the process open: its servers, its pools.
  runWorker(rest).then((code) => process.exit(code));
} else if (command === "help" && rest[0] === "worker") {
  process.stdout.write(WORKER_HELP);
} else {
  // No signal handler here: Ctrl-C and SIGTERM end the process, and the simulator with it.
  native.runCommandLine(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
