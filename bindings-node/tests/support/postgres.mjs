// A private PostgreSQL, started by the first test of a file that wants one, and gone with the process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const SCRIPT = new URL("../../../scripts/private-postgres", import.meta.url).pathname;
let server;
let databases = 0;

async function start() {
  const child = spawn(SCRIPT, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout);
  const [address] = await once(lines, "line");
  // It ends with its input, and must not keep the tests alive until then.
  for (const part of [child, child.stdin, child.stdout]) part.unref();
  return { child, lines, address };
}

/** The URL of a new, empty database. */
export async function freshPostgres() {
  server ??= start();
  const { child, lines, address } = await server;
  databases += 1;
  const name = `shop${databases}`;
  child.stdout.ref();
  const made = once(lines, "line");
  child.stdin.write(`${name}\n`);
  await made;
  child.stdout.unref();
  return `${address}/${name}?sslmode=disable`;
}
