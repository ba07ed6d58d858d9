import { native } from "./binding.js";
import { toError } from "./errors.js";
import type { OnceDatabase } from "./once-drivers.js";

interface Told {
  readonly rowCount?: unknown;
  readonly affectedRows?: unknown;
  readonly changes?: unknown;
}

/** How many rows a driver says it wrote, whatever it calls them; -1 where it says nothing. */
export function rowsWritten(result: unknown): number {
  const told = Array.isArray(result) ? result[0] : result;
  const { rowCount, affectedRows, changes } = (typeof told === "object" && told !== null ? told : {}) as Told;
  const rows = rowCount ?? affectedRows ?? changes ?? told;
  // Number(null) is 0, which means a duplicate.
  const number = typeof rows === "bigint" || typeof rows === "number" ? Number(rows) : Number.NaN;
  return Number.isSafeInteger(number) ? number : -1;
}

/** The error to throw instead: one with its own code and hint where the table is missing. */
export function tellMissingTable(database: OnceDatabase, error: unknown): unknown {
  for (const cause of chain(error)) {
    const failure = native.onceMissingTable(database, codeOf(database, cause), String(cause.message));
    if (failure !== null) {
      return toError(failure);
    }
  }
  return error;
}

/** @internal The same around a call that does not wait. */
export function tellingMissingTable<T>(database: OnceDatabase, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw tellMissingTable(database, error);
  }
}

interface DriverError {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly cause?: unknown;
}

/** The error, and the driver's own within it. */
function chain(error: unknown): DriverError[] {
  const links = new Set<DriverError>();
  for (let link = error; typeof link === "object" && link !== null; link = (link as DriverError).cause) {
    if (links.has(link)) {
      break;
    }
    links.add(link);
  }
  return [...links];
}

function codeOf(database: OnceDatabase, error: DriverError): string {
  const code = database === "postgresql" || database === "postgres" ? error.code : error.errno;
  return String(code ?? "");
}
