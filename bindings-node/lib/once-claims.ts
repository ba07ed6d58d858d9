import { setTimeout as pause } from "node:timers/promises";
import { native } from "./binding.js";
import { toError, unwrap } from "./errors.js";
import { driverOf, type OnceConnection, onceSync, write } from "./once.js";
import { OnceAnswer } from "./once-answer.js";
import { isSqliteDatabase, type OnceDriver, type SqliteDatabase, sqliteDriver } from "./once-drivers.js";

/** How long a handler waits for another one, which works in the transaction of the same connection. */
const PATIENCE_MS = 10_000;
/** How long a connection may take to say how its transaction has ended. */
const ANSWER_MS = 2_000;

type Misuse = "left_open" | "rolled_back" | "not_awaited" | "shared";

/** Who has used a connection last, from the beginning of its `once` to the end of its handler. */
const holds = new WeakMap<object, Hold>();

/** A handler works in the transaction of a connection. */
class Hold {
  readonly driver: OnceDriver;
  readonly key: string;
  /** Whether `once` has said true. */
  isNew = false;
  /** False where the transaction has ended, for certain. */
  mayBeOpen = true;
  #end!: () => void;
  /** When what others wait for may have changed. */
  changed!: Promise<void>;

  constructor(driver: OnceDriver, key: string) {
    this.driver = driver;
    this.key = key;
    this.#renew();
    holds.set(driver.session, this);
  }

  #renew(): void {
    this.changed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Whether no other handler has used the connection since. */
  get isLast(): boolean {
    return holds.get(this.driver.session) === this;
  }

  isAnswered(): void {
    this.isNew = true;
    this.#end();
    this.#renew();
  }

  leave(): void {
    if (this.isLast) {
      holds.delete(this.driver.session);
    }
    this.#end();
  }

  async isOpen(): Promise<boolean> {
    return this.mayBeOpen && this.driver.isOurs() && this.driver.isInTransaction();
  }

  /** What has certainly happened to the key other than its commit. */
  async misuse(): Promise<Misuse | null> {
    if (!(this.isLast && this.driver.isOurs())) {
      return null;
    }
    if (await this.driver.isInTransaction()) {
      return this.mayBeOpen ? "left_open" : null;
    }
    const { look, key } = unwrap(native.onceStatement(this.driver.database, this.driver.placeholder, this.key));
    return (await this.driver.look?.(look, [key])) === false ? "rolled_back" : null;
  }
}

/** What `once` has told one handler, and whether it still holds when the handler has ended. */
export class Claims {
  readonly #holds = new Set<Hold>();
  readonly #answers = new Set<OnceAnswer>();
  #hasEnded = false;
  #wasIgnored = false;

  once(connection: OnceConnection, key: string, forbiddenFiles: readonly string[]): Promise<boolean> {
    const answer = OnceAnswer.of(this.#once(connection, key, forbiddenFiles));
    this.#answers.add(answer);
    return answer;
  }

  async #once(connection: OnceConnection, key: string, forbiddenFiles: readonly string[]): Promise<boolean> {
    const driver = await driverOf(connection, forbiddenFiles);
    const hold = this.#own(driver.session) ?? (await this.#take(driver, key));
    try {
      const isNew = await write(driver, key);
      if (isNew) {
        hold.isAnswered();
      }
      return isNew;
    } finally {
      // Whoever asks when the handler has ended holds up nobody.
      if (!hold.isNew || this.#hasEnded) {
        this.#holds.delete(hold);
        hold.leave();
      }
    }
  }

  /** Nothing is awaited, so that nobody can be waited for. */
  onceSync(connection: OnceConnection, key: string, forbiddenFiles: readonly string[]): boolean {
    const own = this.#own(connection);
    if (own === undefined && isSqliteDatabase(connection) && tellsTransaction(connection)) {
      if (holds.get(connection)?.mayBeOpen) {
        throw misuse("shared");
      }
    }
    const isNew = onceSync(connection, key, forbiddenFiles);
    if (isNew && isSqliteDatabase(connection) && !this.#hasEnded) {
      this.#holdAtOnce(connection, key);
    }
    return isNew;
  }

  #holdAtOnce(database: SqliteDatabase, key: string): void {
    const hold = new Hold(sqliteDriver(database), key);
    hold.isAnswered();
    this.#holds.add(hold);
    // A transaction that lasts no longer than a function does is nobody else's.
    queueMicrotask(() => {
      hold.mayBeOpen = tellsTransaction(database);
    });
  }

  /** Whether the handler has ended without the answer of a `once`: what it did all the same, it would do at each attempt. */
  get wasIgnored(): boolean {
    return this.#wasIgnored;
  }

  /** Throws where the handler has ended, and what it wrote beside `once` was certainly not committed. */
  async verify(): Promise<void> {
    this.#wasIgnored = [...this.#answers].some((answer) => !answer.isTaken);
    if (this.#wasIgnored) {
      throw misuse("not_awaited");
    }
    for (const hold of this.#holds) {
      const told = await soon(hold.misuse());
      if (told !== null) {
        throw misuse(told);
      }
    }
  }

  /** The handler has ended: others may use its connections. */
  end(): void {
    this.#hasEnded = true;
    for (const hold of this.#holds) {
      hold.leave();
    }
  }

  #own(session: object): Hold | undefined {
    const hold = holds.get(session);
    return hold !== undefined && this.#holds.has(hold) ? hold : undefined;
  }

  /** Waits for another handler that works in the connection's transaction: its rollback would undo both. */
  async #take(driver: OnceDriver, key: string): Promise<Hold> {
    const end = performance.now() + PATIENCE_MS;
    for (let other = holds.get(driver.session); other !== undefined; other = holds.get(driver.session)) {
      const { changed } = other;
      const isInTheWay = !other.isNew || (await other.isOpen().catch(() => false));
      if (!isInTheWay && other.isLast) {
        break;
      }
      if (isInTheWay && !(await isWithin(end - performance.now(), changed))) {
        throw misuse("shared");
      }
    }
    const hold = new Hold(driver, key);
    this.#holds.add(hold);
    return hold;
  }
}

/** Nothing is tried out on a database that does not say it, or was closed. */
function tellsTransaction(database: SqliteDatabase): boolean {
  try {
    return database.inTransaction ?? database.isTransaction ?? false;
  } catch {
    return false;
  }
}

function misuse(what: Misuse): Error {
  const failure = native.onceMisuse(what);
  return failure === null ? new Error(what) : toError(failure);
}

/** Best effort: who does not answer, or not in time, says nothing about the handler. */
async function soon(asked: Promise<Misuse | null>): Promise<Misuse | null> {
  const answered = asked.catch(() => null);
  return (await isWithin(ANSWER_MS, answered)) ? answered : null;
}

/** Waits for the promise, at most so long, and says whether it came. */
async function isWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const enough = new AbortController();
  const late = pause(Math.max(0, ms), false, { signal: enough.signal }).catch(() => false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    enough.abort();
  }
}
