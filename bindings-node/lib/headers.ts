import { describe, isAbsent } from "./arguments.js";
import { native } from "./binding.js";
import { InputError } from "./errors.js";

/**
 * The headers of a callback: `request.headers` of Node or Express, a fetch `Headers`, any iterable of pairs, Node's
 * `rawHeaders`, or the one value of the signature header.
 */
export type CallbackHeaders =
  | string
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [string, string | readonly string[]]>
  | readonly string[]
  | null
  | undefined;

/** Name, value, name, value: those that the core looks at. Or the one value. */
export function signatureHeaders(headers: unknown): string | string[] {
  if (typeof headers === "string") {
    return headers;
  }
  const found: string[] = [];
  if (isAbsent(headers)) {
    return found;
  }
  if (typeof headers !== "object" || ArrayBuffer.isView(headers)) {
    throw wrongHeaders(`got ${describe(headers)}`);
  }
  refuseLookalikes(headers);
  if (Array.isArray(headers) && typeof headers[0] === "string") {
    collectFlat(headers, found);
  } else if (Symbol.iterator in headers) {
    collectIterable(headers as Iterable<unknown>, found);
  } else {
    collectMapping(headers as Record<string, unknown>, found);
  }
  return isOnlySignature(found) ? (found[1] as string) : found;
}

/** What has members like headers, and in which no signature would ever be found. */
function refuseLookalikes(headers: { then?: unknown; headers?: unknown }): void {
  if (typeof headers.then === "function") {
    throw wrongHeaders("got a promise", "await headers() first");
  }
  const inner = headers.headers;
  if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
    throw wrongHeaders("got an object with headers in it", "pass request.headers");
  }
}

/** The usual case: one value crosses into the addon for less than a list. */
function isOnlySignature(found: readonly string[]): boolean {
  return found.length === 2 && roleOf(found[0] as string) === SIGNATURE;
}

function collectMapping(headers: Record<string, unknown>, found: string[]): void {
  for (const name of Object.keys(headers)) {
    if (concerns(name)) {
      collect(name, headers[name], found);
    }
  }
}

function collectIterable(headers: Iterable<unknown>, found: string[]): void {
  for (const pair of headers) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string") {
      throw wrongHeaders("got something that is no pair of name and value");
    }
    if (concerns(pair[0])) {
      collect(pair[0], pair[1], found);
    }
  }
}

/** Node's `rawHeaders`. */
function collectFlat(headers: unknown[], found: string[]): void {
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i], headers[i + 1]];
    if (typeof name !== "string" || typeof value !== "string" || isLine(name)) {
      throw wrongHeaders("got an array that is neither pairs nor name, value, name, value");
    }
    if (concerns(name)) {
      found.push(name, value);
    }
  }
}

/** Name and value in one text. Only the names of HTTP/2 have a colon, at their beginning. */
function isLine(name: string): boolean {
  return name.includes(":", 1);
}

function collect(name: string, value: unknown, found: string[]): void {
  if (typeof value === "string") {
    found.push(name, value);
  } else if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item !== "string") {
        throw wrongHeaders("got a value that is no string");
      }
      found.push(name, item);
    }
  } else if (!isAbsent(value)) {
    throw wrongHeaders("got a value that is no string");
  }
}

function wrongHeaders(got: string, hint: string | null = null): InputError {
  return new InputError(
    "input.headers",
    `headers are an object, a Headers, pairs of name and value, or the one value of the signature header; ${got}`,
    { hint },
  );
}

/** What the addon calls a header that it does not look at, and one that holds the signature. */
const NOTHING = 0;
const SIGNATURE = 1;

/** The core's answers: requests repeat the same few names, and asking costs more than remembering. */
const roles = new Map<string, number>();
const MOST_NAMES = 256;
const LONGEST_NAME = 64;

function concerns(name: string): boolean {
  return roleOf(name) !== NOTHING;
}

function roleOf(name: string): number {
  return roles.get(name) ?? ask(name);
}

function ask(name: string): number {
  const role = native.headerRole(name);
  if (roles.size >= MOST_NAMES) {
    roles.clear();
  }
  if (name.length <= LONGEST_NAME) {
    roles.set(name, role);
  }
  return role;
}
