import { describe, isAbsent } from "./arguments.js";
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
 * @throws {InputError} `input.type`, `input.unknown_option`, and what the checks throw
 */
export function readOptions<C extends Checks>(value: unknown, checks: C): Checked<C> {
  const checked: Record<string, unknown> = {};
  for (const name of optionNames(value)) {
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

function optionNames(value: unknown): string[] {
  if (value === undefined) {
    return [];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError("input.type", `options are one object; got ${describe(value)}`);
  }
  return Object.keys(value);
}

function unknownOption(name: string, known: string[]): InputError {
  const plain = (text: string) => text.replaceAll("_", "").toLowerCase();
  const meant = known.find((other) => plain(other) === plain(name));
  const shown = JSON.stringify(name.toWellFormed().slice(0, 60));
  return new InputError("input.unknown_option", `there is no option ${shown}`, {
    hint: meant === undefined ? `there are ${known.join(", ")}` : `it is called ${meant}`,
  });
}
