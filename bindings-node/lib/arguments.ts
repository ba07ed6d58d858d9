import { InputError } from "./errors.js";

/** What a value is, in a word, without showing it: it may be a key. */
export function describe(value: unknown): string {
  if (value === null) {
    return "null";
  }
  return Array.isArray(value) ? "array" : typeof value;
}

export function wrongType(name: string, wanted: string, value: unknown, hint?: string): InputError {
  return new InputError("input.type", `${name} is ${wanted}; got ${describe(value)}`, { hint: hint ?? null });
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** Text that survives the way into UTF-8. */
export function text(value: unknown, name: string): string {
  if (typeof value !== "string") {
    throw wrongType(name, "a string", value);
  }
  if (!value.isWellFormed()) {
    throw new InputError("input.type", `${name} is text; got half a surrogate pair in it`);
  }
  return value;
}

export function number(value: unknown, name: string): number {
  if (typeof value !== "number") {
    throw wrongType(name, "a number", value);
  }
  return value;
}

export function wholeNumber(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value)) {
    throw wrongType(name, "a whole number", value);
  }
  return value as number;
}

export function boolean(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") {
    throw wrongType(name, "true or false", value);
  }
  return value;
}

/** A list of texts; a lone text is refused, since it reads as a list of letters. */
export function texts(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) {
    throw wrongType(name, "an array of strings", value);
  }
  return Array.from(value, (item) => text(item, `each of ${name}`));
}

/** The entries of a plain object; own keys such as `__proto__` included. */
export function entries(value: unknown, wrong: () => InputError): [string, unknown][] {
  if (typeof value !== "object" || value === null || !isPlain(value)) {
    throw wrong();
  }
  return Object.entries(value);
}

/** An object literal of any realm: what has a class keeps its entries elsewhere. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
