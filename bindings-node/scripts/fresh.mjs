// Generates native.js and native.d.ts again; fails when they were not what the Rust sources give.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const read = () =>
  ["native.js", "native.d.ts"].map((name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));

process.chdir(new URL("..", import.meta.url).pathname);
const committed = read();
const build = spawnSync("npm", ["run", "--silent", "build:native", "--", "--no-dts-cache"], { stdio: "inherit" });
if (build.status !== 0) process.exit(build.status ?? 1);
const stale = read().some((text, number) => text !== committed[number]);
if (stale) console.error("native.js or native.d.ts was stale; it is fresh now: commit it");
process.exit(stale ? 1 : 0);
