import { types } from "node:util";
import { describe, wrongType } from "./arguments.js";
import { InputError } from "./errors.js";
import type { Checked, Checks } from "./options.js";

/** A value of one of the library's own classes. */
export function instance<T>(Class: { prototype: T; name: string }) {
  return (value: unknown, name: string): T => {
    if (!(value instanceof (Class as unknown as new () => object))) {
      throw wrongType(name, `a ${Class.name}`, value, "paymento/testing makes one");
    }
    return value as T;
  };
}

export function instances<T>(Class: { prototype: T; name: string }) {
  const one = instance(Class);
  return (value: unknown, name: string): readonly T[] => {
    if (!Array.isArray(value)) {
      throw wrongType(name, "an array", value);
    }
    return Object.freeze(Array.from(value, (item) => one(item, `each of ${name}`)));
  };
}

export function oneOf<T extends string>(names: Readonly<Record<string, T>>) {
  return (value: unknown, name: string): T => {
    const known = Object.values(names);
    if (!known.includes(value as T)) {
      throw new InputError("input.type", `${name} is one of ${known.join(", ")}; got ${describe(value)}`);
    }
    return value as T;
  };
}

export function date(value: unknown, name: string): Date {
  if (!types.isDate(value)) {
    throw wrongType(name, "a Date", value);
  }
  return value;
}

/** The fields in the order of the defaults; what is given counts, and names that are checked only are left out. */
export function filled<D extends object, C extends Checks>(defaults: D, given: Checked<C>): D {
  const entries = Object.entries(defaults).map(([name, value]) => [name, given[name] ?? value]);
  return Object.fromEntries(entries);
}
