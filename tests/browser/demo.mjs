// The demo as a process: started on free ports, watched by its lines, ended like a person ends it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const path = (name) => fileURLToPath(new URL(name, root));

export class Demo {
  lines = [];
  #process;
  #reader;
  #waiting = new Set();

  static async start() {
    const own = path(".venv/bin/python");
    const python = process.env.PYTHON ?? (existsSync(own) ? own : "python3");
    const demo = new Demo();
    demo.#process = spawn(python, [path("examples/demo.py"), "--ports", "0,0,0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    demo.#reader = createInterface({ input: demo.#process.stdout });
    demo.#reader.on("line", (line) => demo.#take(line));
    demo.#reader.on("close", () => demo.#take(null));
    try {
      await demo.line(/Ctrl-C ends it all/);
    } catch (error) {
      demo.#process.kill("SIGINT");
      throw error;
    }
    return demo;
  }

  #take(line) {
    if (line !== null) this.lines.push(line);
    for (const look of [...this.#waiting]) look(line);
  }

  // The first line that matches, of those so far and those to come; or the second, and so on.
  async line(pattern, { limit = 20_000, nth = 1 } = {}) {
    const found = this.lines.filter((line) => pattern.test(line))[nth - 1];
    if (found !== undefined) return found;
    let missing = nth - this.lines.filter((line) => pattern.test(line)).length;
    return new Promise((resolve, reject) => {
      const fail = (why) =>
        settle(reject, new Error(`${why} before a line like ${pattern}:\n${this.lines.join("\n")}`));
      const timer = setTimeout(() => fail("no time left"), limit);
      const settle = (how, what) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        how(what);
      };
      const look = (line) => {
        if (line === null) fail("the demo ended");
        else if (pattern.test(line) && --missing === 0) settle(resolve, line);
      };
      this.#waiting.add(look);
    });
  }

  address(shop) {
    return this.#introduced(shop).match(/http:\/\/\S+/)[0];
  }

  // Kills a shop's first process, as the machine does it when it has no memory left; waits until the demo has seen it.
  async kill(shop) {
    const pid = this.#introduced(shop).match(/pid (\d+)/)[1];
    process.kill(Number(pid), "SIGKILL");
    await this.line(new RegExp(`^${shop} \\(pid ${pid}\\) was killed; the other shop carries on`));
  }

  #introduced(shop) {
    return this.lines.find((line) => line.includes(`${shop} shop  `));
  }

  async stop() {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGINT");
    return (await ended)[0];
  }
}
