import { types } from "node:util";
import { describe, isAbsent, isPlain } from "./arguments.js";
import { InputError } from "./errors.js";

/** Checks one option and gives it as the addon takes it. */
type Check<T> = (value: unknown, name: string) => T;

/** The options that a call takes, by name. */
export type Checks = Readonly<Record<string, Check<unknown>>>;

/** What of each is given, once checked. */
export type Checked<C extends Checks> = { [K in keyof C]?: ReturnType<C[K]> };

/**
 * Reads an options object, each option once. `undefined` and `null` count as not given.
 *
 * What it gives has no prototype, and is not to be spread into an object that has one: what a dependency left on
 * `Object.prototype` would be an option then.
 *
 * @throws {InputError} `input.type`, `input.unknown_option`, and what the checks throw
 */
export function readOptions<C extends Checks>(value: unknown, checks: C): Checked<C> {
  const checked: Record<string, unknown> = Object.create(null);
  for (const name of optionNames(value, checks)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      throw unknownOption(name, Object.keys(checks));
    }
    const given = (value as Record<string, unknown>)[name];
    if (!isAbsent(given)) {
      checked[name] = check(given, name);
    }
  }
  return checked as Checked<C>;
}

function optionNames(value: unknown, checks: Checks): string[] {
  if (value === undefined) {
    return [];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError("input.type", `options are one object; got ${describe(value)}`);
  }
  if (!isPlain(value)) {
    const hint = likelyMistake(value, checks);
    throw new InputError("input.type", "options are one plain object; got an instance of a class", { hint });
  }
  return Object.keys(value);
}

function likelyMistake(value: object, checks: Checks): string | null {
  if (types.isPromise(value)) {
    return "await the options first";
  }
  const isSignal = "aborted" in value && "addEventListener" in value;
  return isSignal && Object.hasOwn(checks, "signal") ? "pass { signal }" : null;
}

function unknownOption(name: string, known: string[]): InputError {
  const plain = (text: string) => text.replaceAll("_", "").toLowerCase();
  const meant = known.find((other) => plain(other) === plain(name));
  const shown = JSON.stringify(name.toWellFormed().slice(0, 60));
  return new InputError("input.unknown_option", `there is no option ${shown}`, {
    hint: meant === undefined ? `there are ${known.join(", ")}` : `it is called ${meant}`,
  });
}
