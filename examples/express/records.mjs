// The shop's own database, one SQLite file, beside the checkout's and never the same: what it sells, and what is on its
// way. The Flask example works on the same tables.

import Database from "better-sqlite3";
import { onceTableSql } from "paymento";

export const database = new Database(process.env.DATABASE ?? "shop.db", { timeout: 5_000 });
database.pragma("journal_mode = WAL");
database.exec(`
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    amount TEXT NOT NULL,       -- decimal text: SQLite would keep a number as a binary fraction
    currency TEXT NOT NULL,
    fulfilled INTEGER NOT NULL DEFAULT 0
  );
  ${onceTableSql("sqlite")};
`);

const insertion = database.prepare(
  "INSERT INTO orders (id, item, amount, currency) VALUES (@id, @item, @amount, @currency) ON CONFLICT DO NOTHING",
);
const search = database.prepare("SELECT * FROM orders WHERE id = ?");
const mark = database.prepare("UPDATE orders SET fulfilled = 1 WHERE id = ?");

/** Whether the order is new. Not so where the button was pressed twice. */
export const add = (order) => insertion.run(order).changes === 1;
export const find = (id) => search.get(id);
export const markFulfilled = (id) => mark.run(id);

/** Committed when `work` ends, rolled back when it throws. It does not wait for anything in between. */
export const transaction = (work) => database.transaction(work).immediate();
