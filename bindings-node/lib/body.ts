import { types } from "node:util";
import { describe } from "./arguments.js";
import { InputError } from "./errors.js";

/** The raw bytes of a body, or an error that says what happened to them. */
export function rawBody(body: unknown): Uint8Array {
  if (!types.isUint8Array(body)) {
    throw new InputError("input.body", `the body is a Uint8Array or Buffer with its raw bytes; got ${describe(body)}`, {
      hint: likelyCause(body),
    });
  }
  if (isShared(body.buffer)) {
    throw new InputError("input.body", "the body is memory that another thread can change", {
      hint: "pass a copy: Uint8Array.from(body)",
    });
  }
  if (body.byteLength === 0 && isDetached(body.buffer)) {
    throw new InputError("input.body", "the body's memory is gone: its buffer is detached", {
      hint: "it was transferred, with postMessage or structuredClone for instance; authenticate before that, or pass a copy",
    });
  }
  return body;
}

const byteLengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get as () => number;

/** Of any realm, and without the call into C++ that `types.isSharedArrayBuffer` is. */
function isShared(buffer: ArrayBufferLike): boolean {
  try {
    byteLengthOf.call(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Asked of empty bodies only. Node has `buffer.detached` from 22 on. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).byteLength < 0;
  } catch {
    return true;
  }
}

const EXPRESS = "in Express, mount the route with express.raw({ type: () => true }) before app.use(express.json())";

function likelyCause(body: unknown): string {
  if (body === undefined || body === null) {
    return `nothing read the body before; ${EXPRESS}`;
  }
  if (typeof body === "string") {
    return `the body was decoded to text, which may change its bytes; ${EXPRESS}, and with fetch use new Uint8Array(await request.arrayBuffer())`;
  }
  if (types.isPromise(body)) {
    return "await the body first";
  }
  if (types.isAnyArrayBuffer(body) || ArrayBuffer.isView(body)) {
    return "wrap it: new Uint8Array(buffer), of a view with its byteOffset and byteLength";
  }
  return typeof body === "object" ? causeOfObject(body) : EXPRESS;
}

function causeOfObject(body: object): string {
  if ("arrayBuffer" in body || "pipe" in body || "getReader" in body) {
    return "that is the request or a stream; read it first: new Uint8Array(await request.arrayBuffer()), or collect its chunks with Buffer.concat";
  }
  if (!Array.isArray(body) && Object.keys(body).length === 0) {
    return "express.raw left the request alone, which it does for other content types; use express.raw({ type: () => true })";
  }
  return (
    `a JSON middleware parsed the body, and its bytes are lost; ${EXPRESS}; in NestJS set rawBody: true and pass ` +
    'request.rawBody; in Fastify add a content type parser with parseAs: "buffer"; in Next.js pages switch bodyParser off'
  );
}
