import { types } from "node:util";
import { isAbsent, wrongType } from "./arguments.js";
import { native } from "./binding.js";
import { Data, make } from "./data.js";

/** A query as frameworks have it: text, a URL, `URLSearchParams`, pairs, or an object of parameters. */
export type ReturnQuery = string | URL | Iterable<readonly [string, string]> | Readonly<Record<string, unknown>>;

/**
 * Hints from the return URL: which payment the customer may come from.
 *
 * The return URL is not signed, and anybody can type one. So there is no status here; ask with `client.verifyPayment`,
 * and only for an order that is open in your own records.
 */
export class ReturnVisit extends Data {
  /** The token, if there is something of its form. A hint. */
  declare readonly token: string | null;
  /** The order id, if there is something of its form. A hint. */
  declare readonly orderId: string | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }

  /**
   * Reads a query string with or without `?`, a whole URL, `URLSearchParams`, pairs, or an object such as Express's
   * `request.query`. Hints that make no sense are left out.
   *
   * @throws {InputError} `input.type` for anything else
   */
  static parse(query: ReturnQuery): ReturnVisit {
    return make(ReturnVisit, native.parseReturnVisit(readQuery(query)));
  }
}

/** @internal A query as text, which the core reads. */
export function queryText(query: unknown): string {
  const read = readQuery(query);
  return typeof read === "string" ? read : new URLSearchParams(read).toString();
}

function readQuery(query: unknown): string | [string, string][] {
  if (typeof query === "string") {
    return query;
  }
  if (query instanceof URL) {
    return query.search;
  }
  if (typeof query !== "object" || query === null || ArrayBuffer.isView(query)) {
    throw wrongQuery(query);
  }
  if (types.isPromise(query)) {
    throw wrongQuery(query, "await it first, for instance: await searchParams");
  }
  return Symbol.iterator in query ? fromPairs(query as Iterable<unknown>) : fromObject(query);
}

function wrongQuery(query: unknown, hint?: string) {
  return wrongType("the query", "a string, a URL, URLSearchParams, pairs or an object of parameters", query, hint);
}

function fromPairs(pairs: Iterable<unknown>): [string, string][] {
  return Array.from(pairs, (pair) => {
    if (!Array.isArray(pair) || typeof pair[0] !== "string" || typeof pair[1] !== "string") {
      throw wrongType("each parameter", "a pair of strings", pair);
    }
    return [pair[0], pair[1]];
  });
}

/** Parsers of queries make lists of what comes twice, and objects of `a[b]=c`: no hint is one of those. */
function fromObject(query: object): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === "string") {
        pairs.push([name, item]);
      } else if (!isAbsent(item) && typeof item !== "object") {
        throw wrongType("each parameter", "a string", item);
      }
    }
  }
  return pairs;
}
