import { isAbsent, text } from "./arguments.js";
import { native } from "./binding.js";
import { toError } from "./errors.js";

/** One secret key, or several while it is being changed. Nothing of them is ever shown. */
export function secretKeys(secrets: unknown): string | string[] {
  if (Array.isArray(secrets)) {
    return Array.from(secrets, (secret, index) => readSecret(secret, ` as entry ${index + 1} of the list`));
  }
  return readSecret(secrets);
}

export function secretKey(secret: unknown): string {
  return readSecret(secret);
}

function readSecret(secret: unknown, where = ""): string {
  if (isAbsent(secret)) {
    const failure = native.noSecretKey();
    throw toError({ ...failure, message: failure.message + where });
  }
  return text(secret, "a secret key");
}
