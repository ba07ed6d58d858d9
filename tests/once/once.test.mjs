// What `once` promises, through every driver that it knows, with real databases: see servers.py.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { linkSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import mysqlPromise from "mysql2/promise";
import pg from "pg";
import { administrators, DRIVERS, onMariadb, onPostgres } from "./sessions.mjs";

const require = createRequire(import.meta.url);
const { once, onceSync } = require("../../bindings-node/dist/modules.js")("./once.js");
const paymento = require("../../bindings-node/dist/index.js");

assert.ok(process.env.PAYMENTO_TEST_POSTGRES_PORT, "run with: python tests/once/servers.py npm test");

// Where one connection waits for another, as its database tells it.
const WAITING = {
  postgresql: "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'shop'",
  // Not innodb_trx: asked more often than every 0.1 s, it gives its old answer.
  mysql:
    "SELECT variable_value AS n FROM information_schema.global_status WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'",
};
const HOSTILE = ["'; DROP TABLE orders; --", "%s", "$1 ? :key", "A-578 ", "a\0b", "\n", "😀".repeat(200), "\\"];
HOSTILE.push("\u00e9", "e\u0301"); // the same letter, twice

const newKey = () => `paid:default:${randomUUID()}`;
const code = (wanted) => (error) => error instanceof paymento.PaymentoError && error.code === wanted;

for (const [driver, [database, open, { tellsTransaction = true } = {}]] of Object.entries(DRIVERS)) {
  describe(driver, () => {
    let folder;
    let administrator;
    let sessions = [];
    const name = (text) => (database === "sqlite" ? join(folder, `${text}.db`) : text);
    const shop = async ({ on = "shop", autocommit = false } = {}) => {
      const session = await open(name(on), autocommit);
      sessions.push(session);
      return session;
    };
    const count = async (sql) => Number((await administrator.run(sql))[0].n);

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "paymento-once-"));
      administrator = await administrators[database](name("shop"));
      await administrator.run(paymento.onceTableSql(database));
      await administrator.run("CREATE TABLE IF NOT EXISTS shipped (order_id VARCHAR(40) PRIMARY KEY)");
    });
    afterEach(async () => {
      for (const session of sessions) await session.close();
      sessions = [];
    });
    after(async () => {
      await administrator.close();
      rmSync(folder, { recursive: true });
    });

    test("the first time is true and every other false", async () => {
      const [first, key] = [await shop(), newKey()];
      assert.equal(await first.once(key), true);
      assert.equal(await first.once(key), false);
      await first.commit();
      assert.equal(await first.once(key), false);
      await first.commit();
      assert.equal(await (await shop()).once(key), false);
    });

    test("after a rollback it is the first time again", async () => {
      const [session, key] = [await shop(), newKey()];
      assert.equal(await session.once(key), true);
      await session.rollback();
      assert.equal(await session.once(key), true);
    });

    test("the shop's own write stands or falls with the key", async () => {
      const [session, order] = [await shop(), randomUUID()];
      for (const ends of ["rollback", "commit"]) {
        assert.equal(await session.once(`paid:default:${order}`), true);
        await session.run(`INSERT INTO shipped VALUES ('${order}')`);
        await session[ends]();
      }
      assert.equal(await session.once(`paid:default:${order}`), false);
      await session.commit();
      assert.equal(await count(`SELECT count(*) AS n FROM shipped WHERE order_id = '${order}'`), 1);
    });

    test("the transaction goes on when the key was there", async () => {
      const [session, order] = [await shop(), randomUUID()];
      await session.once(`paid:default:${order}`);
      await session.commit();
      assert.equal(await session.once(`paid:default:${order}`), false);
      await session.run(`INSERT INTO shipped VALUES ('${order}')`);
      await session.commit();
      assert.equal(await count(`SELECT count(*) AS n FROM shipped WHERE order_id = '${order}'`), 1);
    });

    for (const ends of ["commit", "rollback"]) {
      test(`of two at once the second waits for the first's ${ends}`, { skip: database === "sqlite" }, async () => {
        const [first, second, key] = [await shop(), await shop(), newKey()];
        assert.equal(await first.once(key), true);
        const answer = second.once(key);
        while ((await count(WAITING[database])) === 0) await new Promise(setImmediate);
        await first[ends]();
        assert.equal(await answer, ends === "rollback");
      });
    }

    test("a connection that commits by itself is refused", { skip: !tellsTransaction }, async () => {
      const [session, key] = [await shop({ autocommit: true }), newKey()];
      await assert.rejects(session.once(key), code("config.once_no_transaction"));
      const none = `SELECT count(*) AS n FROM paymento_fulfilled WHERE order_key = '${key}'`;
      assert.equal(await count(none), 0);
    });

    test("a missing table is told with the statement that makes it", async () => {
      const [session, key, statement] = [await shop({ on: "empty" }), newKey(), paymento.onceTableSql(database)];
      await assert.rejects(session.once(key), (error) => {
        return code("config.once_table_missing")(error) && error.hint.includes(statement);
      });
      await session.rollback();
      await session.run(statement);
      await session.commit();
      assert.equal(await session.once(key), true);
      await session.rollback();
      await session.run("DROP TABLE IF EXISTS paymento_fulfilled");
      await session.commit();
    });

    test("every text is its own key", async () => {
      const [session, key] = [await shop(), newKey()];
      const longest = key.repeat(10).slice(0, 255);
      const keys = [key, longest, `${longest}x`, key.toUpperCase(), ...HOSTILE.map((text) => key + text)];
      for (const text of keys) assert.equal(await session.once(text), true, text);
      await session.commit();
      for (const text of keys) assert.equal(await session.once(text), false, text);
      await assert.rejects(session.once(""), code("input.type"));
      await assert.rejects(session.once(53), code("input.type"));
    });

    test("another error of the database stays what it is", async () => {
      const session = await shop({ on: "empty" });
      await session.run("DROP TABLE IF EXISTS paymento_fulfilled");
      await session.run("CREATE TABLE paymento_fulfilled (other INTEGER)");
      await session.commit();
      try {
        await assert.rejects(session.once(newKey()), (error) => !(error instanceof paymento.PaymentoError));
      } finally {
        await session.rollback();
        await session.run("DROP TABLE IF EXISTS paymento_fulfilled");
        await session.commit();
      }
    });

    test("the checkout's own SQLite file is refused by every name", { skip: database !== "sqlite" }, async () => {
      const [session, key, ours] = [await shop(), newKey(), name("shop")];
      symlinkSync(ours, name("symbolic"));
      linkSync(ours, name("hard"));
      for (const file of [ours, name("symbolic"), name("hard")]) {
        await assert.rejects(session.once(key, [file]), code("database.shared_sqlite_file"));
      }
      assert.equal(await session.once(key, [name("another")]), true);
    });
  });
}

test("a transaction function of better-sqlite3 holds it at once", () => {
  const database = new (require("better-sqlite3"))(":memory:");
  database.exec(paymento.onceTableSql("sqlite"));
  const fulfill = database.transaction((key) => onceSync(database, key));
  assert.deepEqual([fulfill("k"), fulfill("k")], [true, false]);
  assert.throws(() => onceSync(database, "k"), code("config.once_no_transaction"));
  database.close();
});

test("nothing is awaited within the only transaction that a process has", async () => {
  const database = new (require("better-sqlite3"))(":memory:");
  database.exec(`${paymento.onceTableSql("sqlite")}; BEGIN`);
  await assert.rejects(once(database, "k"), (error) => code("input.type")(error) && /onceSync/.test(error.hint));
  assert.equal(database.inTransaction, true);
  assert.equal(database.prepare("SELECT COUNT(*) AS count FROM paymento_fulfilled").get().count, 0);
  database.close();
});

test("on a database that does not tell its transaction none is tried", () => {
  const database = new (require("better-sqlite3"))(":memory:");
  database.exec(paymento.onceTableSql("sqlite"));
  const run = [];
  const silent = { exec: (sql) => run.push(sql), prepare: (sql) => run.push(sql), close() {} };
  database.exec("BEGIN");
  assert.throws(() => onceSync(silent, "k"), code("input.type"));
  assert.deepEqual([run, database.inTransaction], [[], true]);
  database.close();
});

test("a pool is no transaction", async () => {
  const pools = [new pg.Pool(onPostgres("shop")), mysqlPromise.createPool(onMariadb("shop"))];
  for (const pool of [...pools, pools[1].pool]) {
    await assert.rejects(once(pool, newKey()), code("config.once_no_transaction"));
  }
  for (const pool of pools) await pool.end();
});

test("a handle of no known driver is refused with another way", async () => {
  for (const handle of [{}, null, undefined, "default", 5, [], () => 1, new Map(), { query() {} }]) {
    await assert.rejects(once(handle, "k"), (error) => code("input.type")(error) && /order\.key/.test(error.hint));
    assert.throws(() => onceSync(handle, "k"), code("input.type"));
  }
});

test("what tells no number of rows is neither yes nor no", async () => {
  for (const told of [undefined, null, "", "1", [], {}, { rowCount: null }, [{}], 0.5, Number.NaN, true]) {
    const handle = { database: "postgresql", query: () => told };
    await assert.rejects(once(handle, "k"), code("input.type"), String(told));
  }
  for (const told of [1, { rowCount: 1 }, [{ affectedRows: 1 }], { changes: 1n }]) {
    assert.equal(await once({ database: "postgresql", query: () => told }, "k"), true);
  }
});
