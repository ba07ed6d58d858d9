import { InputError } from "./errors.js";

/** @internal Known to this package only: whoever has it may make values. */
export const KEY: unique symbol = Symbol("made by paymento");

/** A value that only the library makes: frozen, printable, JSON-safe. */
export abstract class Data {
  /** @internal */
  protected constructor(key: unknown, fields: object) {
    requireKey(key, new.target);
    Object.assign(this, fields);
  }

  /** The value as plain data for `JSON.stringify`; amounts and ids are strings. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this).map(([name, value]) => [name, plain(value)]));
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  return value instanceof Data ? value.toJSON() : value;
}

/** @internal A public constructor is none: this one throws for everybody else. */
export function requireKey(key: unknown, made: { name: string }): void {
  if (key !== KEY) {
    throw new InputError("input.not_constructible", `only the library makes values of the type ${made.name}`, {
      hint: "for tests, paymento/testing has a factory for every type",
    });
  }
}

type Maker<T> = new (key: unknown, ...fields: never[]) => T;

/** @internal The one way to make an instance. */
export function make<T>(Class: { prototype: T }, ...fields: unknown[]): T {
  return Object.freeze(new (Class as unknown as Maker<T>)(KEY, ...(fields as never[])));
}

/** @internal Keeps every key, `__proto__` too, as a property of its own. */
export function frozenMap(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return pairs.length === 0 ? EMPTY : Object.freeze(Object.fromEntries(pairs));
}

const EMPTY: Readonly<Record<string, string>> = Object.freeze({});
