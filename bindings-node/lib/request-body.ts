import { types } from "node:util";
import { describe, isPlain } from "./arguments.js";
import { rawBody } from "./body.js";
import { InputError } from "./errors.js";

/**
 * The raw bytes of a fetch request's body, and no more of it than shows that it is too long.
 *
 * @throws {InputError} `input.body`: somebody has read it before, or it ended early
 */
export async function requestBody(request: Request, most: number): Promise<Uint8Array> {
  const { body } = request;
  if (body === null || body === undefined) {
    return new Uint8Array();
  }
  if (request.bodyUsed || body.locked) {
    throw unreadable("the request's body was read before it got here", {
      hint: "hand the request over first, or read it once with new Uint8Array(await request.arrayBuffer()) and pass that to receive",
    });
  }
  const reader = body.getReader();
  try {
    return await collect(reader, most);
  } catch (error) {
    throw error instanceof InputError ? error : unreadable("the request's body ended early", { cause: error });
  } finally {
    // Of a body that is too long the rest is not wanted.
    reader.cancel().catch(() => {});
  }
}

interface Reader {
  read(): Promise<{ done: boolean; value?: unknown }>;
}

async function collect(reader: Reader, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length <= most) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    if (!types.isUint8Array(value)) {
      throw unreadable(`the request's body gives no bytes; got ${describe(value)}`, {});
    }
    chunks.push(value);
    length += value.byteLength;
  }
  return Buffer.concat(chunks, Math.min(length, most + 1));
}

function unreadable(message: string, { hint = null, cause }: { hint?: string | null; cause?: unknown }): InputError {
  const error = new InputError("input.body", message, { hint });
  if (cause !== undefined) {
    Object.defineProperty(error, "cause", { value: cause, writable: true, configurable: true });
  }
  return error;
}

/**
 * The raw bytes of a callback. Frameworks have no bytes, and `{}` or nothing instead, for a request without a body: anybody
 * can send one, and it is answered like any that is not signed.
 *
 * @throws {InputError} `input.body`, as `authenticate`
 */
export function callbackBody(method: string, headers: unknown, body: unknown): Uint8Array {
  const isCallback = method === "POST" || method === "PUT";
  const isMissing = isCallback ? isNothing(body) && declaresNoBody(headers) : !types.isUint8Array(body);
  return isMissing ? new Uint8Array() : rawBody(body);
}

/** A parsed body has something in it. */
function isNothing(body: unknown): boolean {
  const isEmpty = typeof body === "object" && body !== null && isPlain(body) && Object.keys(body).length === 0;
  return body === undefined || body === null || body === "" || isEmpty;
}

/** Whether these are all headers of a request, and none of them says that a body follows. */
function declaresNoBody(headers: unknown): boolean {
  if (typeof headers !== "object" || headers === null) {
    return false;
  }
  return pairsOf(headers).every(([name, value]) => {
    const known = String(name).toLowerCase();
    return known !== "transfer-encoding" && (known !== "content-length" || String(value) === "0");
  });
}

function pairsOf(headers: object): [unknown, unknown][] {
  if (!(Symbol.iterator in headers)) {
    return Object.entries(headers);
  }
  const items = [...(headers as Iterable<unknown>)];
  const isFlat = typeof items[0] === "string";
  return items.flatMap((item, i) =>
    isFlat ? (i % 2 === 0 ? [[item, items[i + 1]]] : []) : [item as [unknown, unknown]],
  );
}

/** A fetch request of any realm; Node's own has its place elsewhere. */
export function readRequest(request: unknown): Request {
  const { method, headers, arrayBuffer } = Object(request) as Partial<Request>;
  if (typeof method !== "string" || typeof headers !== "object" || typeof arrayBuffer !== "function") {
    throw new InputError("input.type", `handle takes a Request as fetch has it; got ${describe(request)}`, {
      hint: "for Express, Fastify and node:http: receive(request.method, request.headers, rawBody)",
    });
  }
  return request as Request;
}
