import { native } from "./binding.js";
import { rawBody } from "./body.js";
import { unwrap } from "./errors.js";
import { secretKey } from "./secrets.js";

/** The header in which the gateway sends the signature: `X-HMAC-SHA256-SIGNATURE`. */
export const SIGNATURE_HEADER: string = native.SIGNATURE_HEADER;

/** The version of this package. */
export const VERSION: string = native.VERSION;

/**
 * Signs a body as the gateway does: 64 upper-case hexadecimal characters. For tests and simulators.
 *
 * @throws {InputError} `input.body`, `input.type`
 * @throws {ConfigError} `config.secret` for an empty secret key, or none
 */
export function sign(body: Uint8Array, secret: string): string {
  return unwrap(native.sign(rawBody(body), secretKey(secret)));
}
