import { types } from "node:util";
import { InputError } from "./errors.js";

/** A generator function only makes a generator when it is called: the order would be done, and nothing had run. */
export function refuseGenerator(handler: unknown): void {
  if (types.isGeneratorFunction(handler)) {
    const hint = "write it without the `*`";
    throw new InputError("input.type", "the handler is a function that runs when it is called; got a generator", {
      hint,
    });
  }
}

/** Throws where a handler has given a generator, or another iterator that nobody runs. */
export function refuseUnrun(result: unknown): void {
  if (isIterator(result)) {
    throw new TypeError("the handler gave a generator, and nothing of it has run");
  }
}

function isIterator(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const {
    next,
    [Symbol.iterator]: sync,
    [Symbol.asyncIterator]: async,
  } = value as Partial<Record<PropertyKey, unknown>>;
  return typeof next === "function" && (typeof sync === "function" || typeof async === "function");
}
