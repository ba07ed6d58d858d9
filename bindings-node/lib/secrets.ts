import { isAbsent, text } from "./arguments.js";
import { ConfigError } from "./errors.js";

/** One secret key, or several while it is being changed. Nothing of them is ever shown. */
export function secretKeys(secrets: unknown): string | string[] {
  if (Array.isArray(secrets)) {
    return Array.from(secrets, secretKey);
  }
  return secretKey(secrets);
}

export function secretKey(secret: unknown): string {
  if (isAbsent(secret)) {
    throw new ConfigError("config.secret", "no secret key was given", {
      hint: "the environment variable that should hold it may not be set",
    });
  }
  return text(secret, "a secret key");
}
