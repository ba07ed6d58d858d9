/** A database that holds the table `paymento_fulfilled`. */
export type OnceDatabase = "sqlite" | "postgresql" | "postgres" | "mysql" | "mariadb";

/**
 * Any other driver, ORM or query builder: a function that runs one statement within the shop's open transaction, and
 * gives the number of rows that it wrote, by itself or as `rowCount`, `affectedRows` or `changes`.
 *
 * Whether a transaction is open cannot be told here: it must be. Nor, for `"sqlite"`, whether it is a file of the
 * checkout's own that the connection has open: it must not be, since two SQLite libraries in one process lose what the
 * other has committed.
 */
export interface OnceQuery {
  readonly database: OnceDatabase;
  /** Runs the statement. The parameter's place is `$1` for PostgreSQL, otherwise `?`. */
  readonly query: (sql: string, parameters: string[]) => unknown;
}

/** What `once` needs of a connection. */
export interface OnceDriver {
  readonly database: OnceDatabase;
  readonly placeholder: "$1" | "?";
  isInTransaction(): Promise<boolean>;
  /** Gives what the driver says about the rows. */
  write(sql: string, parameters: string[]): Promise<unknown>;
  /** The connection itself, by whatever it was given. */
  readonly session: object;
  /** Whether it is certain that nobody else has been given the connection since, as by a pool. */
  isOurs(): boolean;
  /** Looks for a row, where a SELECT outside of a transaction opens none. */
  look?(sql: string, parameters: string[]): Promise<boolean>;
}

interface PostgresSession {
  query(sql: string, parameters?: string[]): Promise<unknown>;
  getTransactionStatus?(): string | null;
  /** Another function each time that a pool gives the connection to somebody. */
  readonly release?: unknown;
  /** How often the pool has got it back. */
  readonly _poolUseCount?: unknown;
}

interface MysqlSession {
  query(sql: string): Promise<unknown>;
  execute(sql: string, parameters: string[]): Promise<unknown>;
  /** What a connection with promises stands for. */
  readonly connection?: object;
}

/** What better-sqlite3 and node:sqlite have in common. */
export interface SqliteDatabase {
  prepare(sql: string): {
    run(...parameters: string[]): { changes: number | bigint };
    all(...parameters: string[]): unknown[];
  };
  exec(sql: string): unknown;
  /** better-sqlite3. */
  readonly inTransaction?: boolean;
  /** node:sqlite, since Node.js 22.16. */
  readonly isTransaction?: boolean;
}

interface KnexTransaction {
  readonly client: { acquireConnection(): Promise<object> };
  isCompleted?(): boolean;
}

/** Whether the value, of any class and from any copy of its package, has these methods. */
function has(value: unknown, ...methods: string[]): boolean {
  const members = value as Record<string, unknown> | null | undefined;
  return methods.every((method) => typeof members?.[method] === "function");
}

export function isKnex(value: unknown): boolean {
  return has(value, "raw", "transaction") && has((value as { client?: unknown }).client, "acquireConnection");
}

export function isKnexTransaction(value: unknown): value is KnexTransaction {
  return isKnex(value) && (value as { isTransaction?: unknown }).isTransaction === true;
}

export function isSqliteDatabase(value: unknown): value is SqliteDatabase {
  if (!has(value, "prepare", "exec", "close") || has(value, "query")) {
    return false;
  }
  // What looks the same and does not say it may work in another way: a transaction must not be tried on it.
  const { inTransaction, isTransaction } = value as SqliteDatabase;
  return typeof inTransaction === "boolean" || typeof isTransaction === "boolean" || isDatabaseSync(value);
}

/** Whether it is of node:sqlite itself. */
function isDatabaseSync(value: unknown): boolean {
  const sqlite = process.getBuiltinModule?.("node:sqlite") as { DatabaseSync?: abstract new () => object } | undefined;
  return sqlite?.DatabaseSync !== undefined && value instanceof sqlite.DatabaseSync;
}

export function isPostgresPool(value: unknown): boolean {
  return has(value, "query", "connect") && typeof (value as { idleCount?: unknown }).idleCount === "number";
}

export function isPostgresSession(value: unknown): value is PostgresSession {
  return has(value, "query", "escapeIdentifier");
}

export function isMysqlPool(value: unknown): boolean {
  return has(value, "execute", "getConnection");
}

export function isMysqlSession(value: unknown): value is MysqlSession {
  return has(value, "query", "execute", "beginTransaction");
}

export function isQuery(value: unknown): value is OnceQuery {
  return has(value, "query") && typeof (value as OnceQuery).database === "string";
}

export function postgresDriver(session: PostgresSession): OnceDriver {
  const { release, _poolUseCount: uses } = session;
  return {
    session,
    isOurs: () => session.release === release && session._poolUseCount === uses,
    look: async (sql, parameters) => ((await session.query(sql, parameters)) as { rows: unknown[] }).rows.length > 0,
    database: "postgresql",
    placeholder: "$1",
    // The status is of the last answer; a BEGIN may still be on its way, and older versions have none.
    isInTransaction: async () =>
      ["T", "E"].includes(session.getTransactionStatus?.() ?? "") ||
      keepsSavepoint(
        (sql) => session.query(sql),
        (error) => error.code === "25P01",
      ),
    write: (sql, parameters) => session.query(sql, parameters),
  };
}

export function mysqlDriver(session: MysqlSession): OnceDriver {
  const { promise } = session as { promise?: unknown };
  const promised: MysqlSession = typeof promise === "function" ? promise.call(session) : session;
  const own = promised.connection ?? session;
  return {
    session: own,
    // A pool gives the same one to others, and nothing tells it apart.
    isOurs: () => !("_pool" in own),
    look: async (sql, parameters) => ((await promised.execute(sql, parameters)) as [unknown[]])[0].length > 0,
    database: "mysql",
    placeholder: "?",
    isInTransaction: () =>
      keepsSavepoint(
        (sql) => promised.query(sql),
        (error) => error.errno === 1305,
      ),
    // Prepared: what is put into the text on this side is escaped by guess, since the server's SQL mode decides.
    write: (sql, parameters) => promised.execute(sql, parameters),
  };
}

export function queryDriver(session: OnceQuery): OnceDriver {
  const { database, query } = session;
  return {
    session,
    isOurs: () => false,
    database,
    placeholder: database.startsWith("postgres") ? "$1" : "?",
    isInTransaction: async () => true,
    write: async (sql, parameters) => query(sql, parameters),
  };
}

/** The connection is one of knex's pool, and back there when the transaction has ended. */
export function inKnexTransaction(driver: OnceDriver, transaction: KnexTransaction): OnceDriver {
  return { ...driver, session: transaction, isOurs: () => transaction.isCompleted?.() === false };
}

/** A synchronous database, where knex waits for it as for any other. */
export function sqliteDriver(database: SqliteDatabase): OnceDriver {
  return {
    database: "sqlite",
    placeholder: "?",
    session: database,
    // Where it does not say whether a transaction is open, that can only be tried out.
    isOurs: () => typeof (database.inTransaction ?? database.isTransaction) === "boolean",
    isInTransaction: async () => sqliteIsInTransaction(database),
    write: async (sql, parameters) => database.prepare(sql).run(...parameters),
    look: async (sql, parameters) => sqliteHas(database, sql, parameters),
  };
}

export function sqliteHas(database: SqliteDatabase, sql: string, parameters: string[]): boolean {
  return database.prepare(sql).all(...parameters).length > 0;
}

/** Outside a transaction PostgreSQL refuses a savepoint, and MySQL forgets it at once. */
async function keepsSavepoint(
  query: (sql: string) => Promise<unknown>,
  saysNone: (error: { code?: unknown; errno?: unknown }) => boolean,
): Promise<boolean> {
  try {
    await query("SAVEPOINT paymento_once");
    await query("RELEASE SAVEPOINT paymento_once");
    return true;
  } catch (error) {
    if (saysNone(error as object)) {
      return false;
    }
    throw error;
  }
}

export function sqliteIsInTransaction(database: SqliteDatabase): boolean {
  const told = database.inTransaction ?? database.isTransaction;
  return told ?? refusesToBegin(database);
}

/** node:sqlite before Node.js 22.16 does not say it: a transaction within a transaction is an error. */
function refusesToBegin(database: SqliteDatabase): boolean {
  try {
    database.exec("BEGIN");
  } catch (error) {
    if (/within a transaction/.test(String((error as Error).message))) {
      return true;
    }
    throw error;
  }
  database.exec("ROLLBACK");
  return false;
}

/** The files of the connection; a database in memory has an empty name. */
export function sqliteFiles(database: SqliteDatabase): string[] {
  const rows = database.prepare("PRAGMA database_list").all() as { file: string | null }[];
  return rows.map(({ file }) => file ?? "");
}
