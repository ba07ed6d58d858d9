// Puts the modules that tsc has written into one file: reading thirty takes longer than all else that loading does.
// `bundle.mjs [DIST]`

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const dist = resolve(process.argv[2] ?? join(import.meta.dirname, "..", "dist"));
const ENTRIES = ["index.js", "testing.js", "cli.js"];
const BUNDLE = "modules.js";

/** Runs a module when it is first asked for, and again where it failed; what is not among them is asked of Node.js. */
const LOADER = `
const loaded = new Map();
function load(name) {
  if (!Object.hasOwn(modules, name)) return require(name);
  if (!loaded.has(name)) {
    const module = { exports: {} };
    loaded.set(name, module);
    try {
      modules[name](module.exports, load);
    } catch (error) {
      loaded.delete(name);
      throw error;
    }
  }
  return loaded.get(name).exports;
}
module.exports = load;
`;

/** A program's first line, which only a file's beginning may hold. */
const HASHBANG = /^#!.*\n/;

function moduleFunction(name) {
  const source = readFileSync(join(dist, name), "utf8").replace(HASHBANG, "");
  return `${JSON.stringify(`./${name}`)}(exports, require) {\n${source}}`;
}

/** The names of an entry's exports stand where Node.js looks for what an ES module can import. */
function entry(name) {
  const source = readFileSync(join(dist, name), "utf8");
  const names = [...source.matchAll(/^Object\.defineProperty\(exports, "(\w+)", \{ enumerable/gm)].map(
    ([, name]) => name,
  );
  const [hashbang = ""] = HASHBANG.exec(source) ?? [];
  return `${hashbang}"use strict";\nmodule.exports = require("./${BUNDLE}")("./${name}");\n0 && (module.exports = { ${names.join(", ")} });\n`;
}

const names = readdirSync(dist).filter((name) => name.endsWith(".js") && name !== BUNDLE);
const bundle = `"use strict";\nconst modules = {\n${names.map(moduleFunction).join(",\n")}\n};\n${LOADER}`;
const entries = ENTRIES.map((name) => [name, entry(name)]);
for (const name of names) rmSync(join(dist, name));
for (const [name, text] of [[BUNDLE, bundle], ...entries]) writeFileSync(join(dist, name), text);
