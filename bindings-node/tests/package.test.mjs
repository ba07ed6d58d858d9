// The package as npm would publish it, in a project of somebody else's.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
let project;
let files;
let tarball;

after(() => rm(project, { recursive: true, force: true }));

before(async () => {
  project = await mkdtemp(join(tmpdir(), "paymento-consumer-"));
  const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", project], { cwd: root });
  const packed = JSON.parse(stdout.slice(stdout.search(/[[{]/)));
  const [{ filename, files: listed }] = Array.isArray(packed) ? packed : Object.values(packed);
  files = listed.map(({ path }) => path);
  tarball = join(project, filename);
  const home = join(project, "node_modules", "paymento");
  await mkdir(home, { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", home]);
  for (const name of ["@types", "undici-types"]) {
    await symlink(join(root, "node_modules", name), join(project, "node_modules", name));
  }
});

async function output(file, code) {
  await writeFile(join(project, file), code);
  return (await run(process.execPath, [file], { cwd: project })).stdout.trim();
}

/** What tsc says of the consumers with these settings; empty when all is well. */
async function complaints(names, options) {
  for (const name of names) {
    const target = options.as?.[name] ?? name;
    await writeFile(join(project, target), await readFile(join(root, "tests", "types", name)));
  }
  const compilerOptions = { strict: true, noEmit: true, skipLibCheck: false, target: "es2022", ...options.compiler };
  compilerOptions.lib ??= ["es2023", "esnext.disposable"];
  compilerOptions.types ??= ["node"];
  const included = names.map((name) => options.as?.[name] ?? name);
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: included }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  return run(process.execPath, [tsc, "-p", "."], { cwd: project }).then(
    () => "",
    (error) => error.stdout + error.stderr,
  );
}

test("the package holds what it needs, and no sources, tests or links", () => {
  for (const name of ["dist/index.js", "dist/index.mjs", "dist/index.d.ts", "dist/index.d.mts", "native.js"]) {
    assert.ok(files.includes(name), name);
  }
  assert.deepEqual(
    files.filter((name) => /^(lib|src|tests|scripts|node_modules)\//.test(name)),
    [],
  );
});

test("it works from both module systems, with one set of classes", async () => {
  const esm = 'import { Client } from "paymento"; import { Simulator } from "paymento/testing";';
  const cjs = 'import { createRequire } from "node:module"; const cjs = createRequire(import.meta.url)("paymento");';
  const code = `${esm}${cjs} console.log(Client === cjs.Client, typeof Simulator.start);`;
  assert.equal(await output("try.mjs", code), "true function");
  const plain = 'console.log(typeof require("paymento").Client, typeof require("paymento/testing").callback);';
  assert.equal(await output("try.cjs", plain), "function function");
});

test("what is inside stays inside", async () => {
  const code = 'import("paymento/dist/data.js").catch((error) => console.log(error.code));';
  assert.equal(await output("inside.mjs", code), "ERR_PACKAGE_PATH_NOT_EXPORTED");
});

test("npx finds the command where the package is installed", async () => {
  const cwd = join(project, "installed");
  await mkdir(cwd);
  await writeFile(join(cwd, "package.json"), "{}");
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { cwd });
  const { stdout } = await run("npx", ["paymento", "--version"], { cwd });
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  assert.equal(stdout, `paymento ${version}\n`);
});

for (const module of ["node16", "nodenext"]) {
  test(`a strict consumer compiles as ES module and as CommonJS (${module})`, async () => {
    assert.equal(await complaints(["consumer.mts", "consumer.cts"], { compiler: { module } }), "");
  });
}

test("a strict consumer compiles with a bundler's resolution", async () => {
  const compiler = { module: "esnext", moduleResolution: "bundler" };
  assert.equal(await complaints(["consumer.mts"], { compiler, as: { "consumer.mts": "consumer.ts" } }), "");
});

test("a consumer with the strictest options compiles", async () => {
  const compiler = { module: "nodenext", exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  assert.equal(await complaints(["consumer.mts"], { compiler }), "");
});

test("the package depends on nothing and runs nothing when it is installed", async () => {
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  assert.equal(manifest.dependencies, undefined);
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    assert.equal(manifest.scripts[name], undefined);
});

test("the lockfile names no registry", async () => {
  const lockfile = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const resolved = Object.values(lockfile.packages).filter((entry) => "resolved" in entry && !entry.link);
  assert.deepEqual(resolved, []);
});
