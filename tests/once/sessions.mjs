// One shop's session with its database through each driver, in one vocabulary.

import { createRequire } from "node:module";
import knexPackage from "knex";
import mysql from "mysql2";
import mysqlPromise from "mysql2/promise";
import pg from "pg";

const require = createRequire(import.meta.url);
const { once, onceSync } = require("../../bindings-node/dist/modules.js")("./once.js");
const BetterSqlite = require("better-sqlite3");

export const onPostgres = (database) => ({
  host: "127.0.0.1",
  port: Number(process.env.PAYMENTO_TEST_POSTGRES_PORT),
  user: "shop",
  database,
});
export const onMariadb = (database) => ({
  host: "127.0.0.1",
  port: Number(process.env.PAYMENTO_TEST_MARIADB_PORT),
  user: "shop",
  password: "shop",
  database,
});

/** A session whose driver takes SQL for everything; in autocommit nothing is begun. */
async function bySql({ handle, query, close, ask = once }, autocommit) {
  const begin = async () => autocommit || query("BEGIN");
  const end = async (sql) => {
    await query(sql);
    await begin();
  };
  await begin();
  return {
    handle,
    once: async (key, forbidden) => ask(handle, key, forbidden),
    run: query,
    commit: () => end("COMMIT"),
    rollback: () => end("ROLLBACK"),
    close,
  };
}

async function pgClient(database, autocommit) {
  const client = new pg.Client(onPostgres(database));
  await client.connect();
  const query = async (sql) => (await client.query(sql)).rows;
  return bySql({ handle: client, query, close: () => client.end() }, autocommit);
}

async function pgPoolClient(database, autocommit) {
  const pool = new pg.Pool(onPostgres(database));
  const client = await pool.connect();
  const close = async () => {
    client.release(true);
    await pool.end();
  };
  return bySql({ handle: client, query: async (sql) => (await client.query(sql)).rows, close }, autocommit);
}

/** As before pg 8.23, which told no status. */
async function pgWithoutStatus(database, autocommit) {
  const session = await pgClient(database, autocommit);
  session.handle.getTransactionStatus = undefined;
  return session;
}

async function mysqlPromised(database, autocommit) {
  const connection = await mysqlPromise.createConnection(onMariadb(database));
  const query = async (sql) => (await connection.query(sql))[0];
  return bySql({ handle: connection, query, close: () => connection.end() }, autocommit);
}

async function mysqlCallback(database, autocommit) {
  const connection = mysql.createConnection(onMariadb(database));
  const query = async (sql) => (await connection.promise().query(sql))[0];
  return bySql({ handle: connection, query, close: () => connection.promise().end() }, autocommit);
}

async function mysqlPoolConnection(database, autocommit) {
  const pool = mysqlPromise.createPool(onMariadb(database));
  const connection = await pool.getConnection();
  const query = async (sql) => (await connection.query(sql))[0];
  return bySql({ handle: connection, query, close: () => pool.end() }, autocommit);
}

const sqlite = (open, ask) => async (database, autocommit) => {
  const handle = open(database);
  const query = async (sql) => (/^SELECT/.test(sql) ? handle.prepare(sql).all() : handle.exec(sql));
  return bySql({ handle, query, close: async () => handle.close(), ask }, autocommit);
};

/** node:sqlite came with Node.js 22. */
async function nodeSqlite() {
  try {
    const { DatabaseSync } = await import("node:sqlite");
    return DatabaseSync;
  } catch {
    return null;
  }
}
const DatabaseSync = await nodeSqlite();

const knex = (client, connectionOf) => async (database, autocommit) => {
  const instance = knexPackage({ client, connection: connectionOf(database), useNullAsDefault: true });
  const next = async () => (autocommit ? instance : instance.transaction());
  let transaction = await next();
  const end = async (how) => {
    await transaction[how]();
    transaction = await next();
  };
  return {
    once: (key, forbidden) => once(transaction, key, forbidden),
    run: async (sql) => (await transaction.raw(sql)).rows,
    commit: () => end("commit"),
    rollback: () => end("rollback"),
    close: async () => {
      if (!autocommit) await transaction.rollback();
      await instance.destroy();
    },
  };
};

/** What is left for every other library: one function. It cannot tell whether a transaction is open. */
async function ownQuery(database) {
  const session = await pgClient(database, false);
  const query = (sql, parameters) => session.handle.query(sql, parameters);
  return { ...session, once: (key) => once({ database: "postgresql", query }, key) };
}

export const DRIVERS = {
  "pg Client": ["postgresql", pgClient],
  "pg PoolClient": ["postgresql", pgPoolClient],
  "pg without a status": ["postgresql", pgWithoutStatus],
  "knex with pg": ["postgresql", knex("pg", onPostgres)],
  "a function of one's own": ["postgresql", ownQuery, { tellsTransaction: false }],
  "mysql2/promise": ["mysql", mysqlPromised],
  "mysql2 with callbacks": ["mysql", mysqlCallback],
  "mysql2 PoolConnection": ["mysql", mysqlPoolConnection],
  "knex with mysql2": ["mysql", knex("mysql2", onMariadb)],
  "better-sqlite3 at once": ["sqlite", sqlite((file) => new BetterSqlite(file, { timeout: 0 }), onceSync)],
  "knex with better-sqlite3": ["sqlite", knex("better-sqlite3", (filename) => ({ filename }))],
  ...(DatabaseSync && {
    "node:sqlite at once": ["sqlite", sqlite((file) => new DatabaseSync(file), onceSync)],
  }),
};

/** A session outside of every transaction, to look and to set up. */
export const administrators = {
  postgresql: (database) => pgClient(database, true),
  mysql: (database) => mysqlPromised(database, true),
  sqlite: (database) => DRIVERS["better-sqlite3 at once"][1](database, true),
};
