import { wrongType } from "./arguments.js";

/** How long: a number of milliseconds, or text such as `"90s"`, `"20m"` or `"1h30m"`. */
export type Duration = number | string;

/** Milliseconds, or text that the core reads. */
export function duration(value: unknown, name: string): Duration {
  if (typeof value !== "number" && typeof value !== "string") {
    throw wrongType(name, 'a number of milliseconds, or text like "20m"', value);
  }
  return value;
}

/** A list of them; a lone text is refused. */
export function durations(value: unknown, name: string): Duration[] {
  if (!Array.isArray(value)) {
    throw wrongType(name, "an array of durations", value);
  }
  return Array.from(value, (item) => duration(item, `each of ${name}`));
}
