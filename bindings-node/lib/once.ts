import { describe, text } from "./arguments.js";
import { native } from "./binding.js";
import { InputError, toError, unwrap } from "./errors.js";
import {
  inKnexTransaction,
  isKnex,
  isKnexTransaction,
  isMysqlPool,
  isMysqlSession,
  isPostgresPool,
  isPostgresSession,
  isQuery,
  isSqliteDatabase,
  mysqlDriver,
  type OnceDatabase,
  type OnceDriver,
  type OnceQuery,
  postgresDriver,
  queryDriver,
  type SqliteDatabase,
  sqliteDriver,
  sqliteFiles,
  sqliteIsInTransaction,
} from "./once-drivers.js";
import { rowsWritten, tellingMissingTable, tellMissingTable } from "./once-failure.js";

export type { OnceDatabase, OnceQuery } from "./once-drivers.js";

/**
 * What `order.once` writes through, with its transaction open: a `PoolClient` or `Client` of pg, a connection of mysql2
 * (either API), a transaction of knex, or an {@link OnceQuery} for anything else; for `order.onceSync` a `Database` of
 * better-sqlite3 or a `DatabaseSync` of node:sqlite.
 *
 * For `once` a connection of this handler alone: handlers run at the same time, and one that rolls back a connection that
 * they share undoes what the others have written.
 */
export type OnceConnection = object;

/**
 * Gives the statement that creates the table of `order.once`, for the shop's own migrations.
 *
 * @throws {@link InputError} `input.type`: another database.
 */
export function onceTableSql(database: OnceDatabase): string {
  return unwrap(native.onceTableSql(text(database, "database")));
}

/**
 * @internal Writes the key in the open transaction of the shop's own connection, and says whether it was new.
 *
 * It neither commits nor rolls back. When the key is there already the transaction goes on; while another open
 * transaction has written the same key, it waits for that one to end. What the driver throws, for instance at a timeout
 * or a deadlock, is passed on: roll back, and the order comes again.
 *
 * Always `await` it: a promise is true in an `if`.
 *
 * @throws {@link InputError} `input.type`: a connection of no known driver, one that tells no number of rows, or a
 * synchronous database, which takes `onceSync`.
 * @throws {@link ConfigError} `config.once_no_transaction`, also for a pool; `config.once_table_missing`.
 * @throws {@link DatabaseError} `database.shared_sqlite_file`: the connection has the checkout's own file open.
 */
export async function once(
  connection: OnceConnection,
  key: string,
  forbiddenFiles: readonly string[] = [],
): Promise<boolean> {
  return write(await driverOf(connection, forbiddenFiles), key);
}

/** @internal What it is written through. */
export async function driverOf(connection: OnceConnection, forbiddenFiles: readonly string[]): Promise<OnceDriver> {
  if (isSqliteDatabase(connection)) {
    throw mustBeAtOnce();
  }
  if (!isKnexTransaction(connection)) {
    return driverOfSession(connection);
  }
  // Knex gives its transactions one after the other the only connection that there is.
  const handle = await connection.client.acquireConnection();
  if (!isSqliteDatabase(handle)) {
    return inKnexTransaction(driverOfSession(handle), connection);
  }
  refuseSharedFile(handle, forbiddenFiles);
  return inKnexTransaction(sqliteDriver(handle), connection);
}

/**
 * @internal The same at once, for better-sqlite3 and node:sqlite: what their own `transaction(() => …)` can hold.
 */
export function onceSync(connection: OnceConnection, key: string, forbiddenFiles: readonly string[] = []): boolean {
  if (!isSqliteDatabase(connection)) {
    throw toError(native.onceUnknownConnection(kindOf(connection)));
  }
  if (!sqliteIsInTransaction(connection)) {
    throw toError(native.onceNoTransaction());
  }
  refuseSharedFile(connection, forbiddenFiles);
  const { sql, key: stored } = unwrap(native.onceStatement("sqlite", "?", text(key, "key")));
  return wasNew(
    "sqlite",
    tellingMissingTable("sqlite", () => connection.prepare(sql).run(stored).changes),
  );
}

/**
 * The whole process has one connection and one transaction there: while a handler waits, the next one's statements would
 * stand in it, and its rollback would undo both.
 */
function mustBeAtOnce(): InputError {
  return new InputError(
    "input.type",
    "a synchronous SQLite database takes order.onceSync, and nothing that is awaited",
    {
      hint: "db.transaction(() => { if (order.onceSync(db)) … })()",
    },
  );
}

/** @internal Writes the key, and says whether it was new. */
export async function write(driver: OnceDriver, key: string): Promise<boolean> {
  const { database, placeholder } = driver;
  const statement = unwrap(native.onceStatement(database, placeholder, text(key, "key")));
  if (!(await driver.isInTransaction())) {
    throw toError(native.onceNoTransaction());
  }
  try {
    return wasNew(database, await driver.write(statement.sql, [statement.key]));
  } catch (error) {
    throw tellMissingTable(database, error);
  }
}

function driverOfSession(connection: unknown): OnceDriver {
  if (isPostgresPool(connection) || isMysqlPool(connection) || isKnex(connection)) {
    throw toError(native.onceNoTransaction());
  }
  if (isPostgresSession(connection)) {
    return postgresDriver(connection);
  }
  if (isMysqlSession(connection)) {
    return mysqlDriver(connection);
  }
  if (isQuery(connection)) {
    return queryDriver(connection);
  }
  throw toError(native.onceUnknownConnection(kindOf(connection)));
}

/** The name of its class, never its value. */
function kindOf(value: unknown): string {
  const name = typeof value === "object" && value !== null ? value.constructor?.name : undefined;
  return name === undefined || name === "Object" ? describe(value) : name;
}

function wasNew(database: OnceDatabase, result: unknown): boolean {
  return unwrap(native.onceWasNew(database, rowsWritten(result)));
}

function refuseSharedFile(connection: SqliteDatabase, forbiddenFiles: readonly string[]): void {
  if (forbiddenFiles.length === 0) {
    return;
  }
  const failure = native.onceSharedFile(sqliteFiles(connection), [...forbiddenFiles]);
  if (failure !== null) {
    throw toError(failure);
  }
}
