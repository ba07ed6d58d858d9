import type { Native } from "./binding.js";
import { Data, frozenMap, make } from "./data.js";
import { type OnceConnection, once, onceSync } from "./once.js";
import type { Claims } from "./once-claims.js";
import { type Price, priceFrom } from "./payment.js";
import { type Settlement, settlementFrom } from "./settlement.js";
import type { Speed } from "./speed.js";

/** The four things a shop is told. One handler each. */
export const EventKind = Object.freeze({
  /** The order is paid: fulfill it, once. A late or overpaid payment is paid, and says so. */
  Paid: "paid",
  /** Less than the amount owed has arrived. */
  PartiallyPaid: "partially_paid",
  /** Expired, canceled or rejected, and no other payment of the order is open or paid: stock can be released. */
  Closed: "closed",
  /** Somebody should look; see {@link Reason}. */
  Attention: "attention",
} as const);

/** The four things a shop is told. One handler each. */
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** Why somebody should look. */
export const Reason = Object.freeze({
  /** A second payment of an order that is paid. */
  DuplicatePayment: "duplicate_payment",
  /** The gateway's answer is about another token, order or amount. */
  Mismatch: "mismatch",
  /** The gateway does not know the token for this store: mostly another store's API key. */
  InvalidToken: "invalid_token",
  /** Success and status of the gateway's answer do not go together. */
  Contradictory: "contradictory",
  /** A settled payment of an earlier price of the order. */
  SupersededPrice: "superseded_price",
  /** A status that is not documented, in a callback or an answer. */
  UnknownStatus: "unknown_status",
  /** Paid on the chain, and for five minutes not approved by the gateway. */
  NotApproved: "not_approved",
  /** The gateway takes back what was settled. Nothing is undone by itself. */
  ReversedAfterSettled: "reversed_after_settled",
  /** A settled payment of an order that the shop has canceled. */
  PaidAfterCancel: "paid_after_cancel",
  /** A handler failed as often as it may; the event is a dead letter and can be replayed. */
  HandlerFailed: "handler_failed",
  /** A handler runs longer than it may; its lease is no longer renewed. */
  HandlerTooSlow: "handler_too_slow",
  /** After a week the payment is neither settled nor closed. */
  NothingHeard: "nothing_heard",
  /** An authentic callback that cannot be read. */
  UndecodableCallback: "undecodable_callback",
} as const);

/** Why somebody should look. */
export type Reason = (typeof Reason)[keyof typeof Reason];

/** What is missing of a payment. Amounts are decimal strings. */
export class Shortfall extends Data {
  /** Expected less received, in the coin that the customer chose. Exact. */
  declare readonly amount: string;
  /** What has been received and is not confirmed yet; `null` where the gateway does not say. */
  declare readonly inMempool: string | null;
  /** The coin, where the gateway tells it. */
  declare readonly coin: string | null;
  /** The shortfall in the order's currency, estimated by the price that was asked for. */
  declare readonly fiatEstimated: string | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/**
 * What the shop is told of an order, the argument of every handler. {@link key} is the same each time the event is handed
 * over.
 *
 * For tests: `orderEvent()` of `paymento/testing`.
 */
export class OrderEvent extends Data {
  /** Which of the four. */
  declare readonly kind: EventKind;
  /** Why somebody should look; `null` but for `attention`. */
  declare readonly reason: Reason | null;
  /** The reason in words, where there is more to say. */
  declare readonly detail: string | null;
  /** The account of the store. */
  declare readonly account: string;
  /** The shop's order id. Empty for an attention that belongs to no order. */
  declare readonly orderId: string;
  /** The payment's token, where it is about a payment. */
  declare readonly token: string | null;
  /** The price of the payment. */
  declare readonly price: Price | null;
  /** The order's current price, where it differs from the payment's. */
  declare readonly currentPrice: Price | null;
  /** How sure the payment had to be. */
  declare readonly speed: Speed;
  /** The shop's own notes from `createPayment`. */
  declare readonly additionalData: Readonly<Record<string, string>>;
  /** Whether the payment had expired, or was canceled or rejected, before it was paid. */
  declare readonly late: boolean;
  /** What came beyond the amount asked for, in the coin that the customer chose, as a decimal string. */
  declare readonly overpaidBy: string | null;
  /** What is missing; for `partially_paid` only, where the gateway reports amounts. */
  declare readonly shortfall: Shortfall | null;
  /** What the gateway reports of the money. */
  declare readonly settlement: Settlement | null;
  /** `false` for a simulator's payment; `null` where it is not known whether the coins are worth anything. */
  declare readonly live: boolean | null;
  /**
   * The same for the same event, whoever hands it over and however often. That of `paid` is the same for the whole order:
   * put it under a unique key or use it as a task's id, and nothing is done twice.
   */
  declare readonly key: string;
  readonly #forbiddenFiles: readonly string[];
  readonly #claims: Claims | null;

  private constructor(
    key: unknown,
    fields: object,
    forbiddenFiles: readonly string[] = [],
    claims: Claims | null = null,
  ) {
    super(key, fields);
    this.#forbiddenFiles = forbiddenFiles;
    this.#claims = claims;
  }

  /**
   * Writes {@link key} into the table `paymento_fulfilled` of the shop's own database, in the shop's own open transaction,
   * and says whether it was new: what is written in the same transaction is then written exactly once.
   *
   * It neither commits nor rolls back. Always `await` it: a promise is true in an `if`. Commit before the handler ends.
   * Where that was certainly not done, the handler has failed. The table's SQL is `onceTableSql(database)`.
   *
   * @example
   * checkout.onPaid(async (order) => {
   *   const connection = await pool.connect();
   *   try {
   *     await connection.query("BEGIN");
   *     if (await order.once(connection)) {
   *       await connection.query("UPDATE orders SET shipped = true WHERE id = $1", [order.orderId]);
   *     }
   *     await connection.query("COMMIT");
   *   } catch (error) {
   *     await connection.query("ROLLBACK");
   *     throw error;
   *   } finally {
   *     connection.release();
   *   }
   * });
   *
   * @throws {InputError} `input.type`: a connection of no known driver; better-sqlite3 or node:sqlite, which take
   * {@link onceSync}
   * @throws {ConfigError} `config.once_no_transaction`, also for a pool, and where another handler works in the connection's
   * transaction and has not ended within 10 seconds; `config.once_table_missing`
   * @throws {DatabaseError} `database.shared_sqlite_file`: the connection has the checkout's own SQLite file open
   */
  once(connection: OnceConnection): Promise<boolean> {
    const [key, files] = [this.key, this.#forbiddenFiles];
    return this.#claims?.once(connection, key, files) ?? once(connection, key, files);
  }

  /**
   * {@link once} at once, for better-sqlite3 and node:sqlite: within a synchronous `transaction(() => …)`, and without an
   * `await` between its begin and its end. The whole process has one connection there, so that another handler's statements
   * would stand in the same transaction.
   *
   * @throws as {@link once}; `input.type` also for a connection that cannot answer at once
   */
  onceSync(connection: OnceConnection): boolean {
    const [key, files] = [this.key, this.#forbiddenFiles];
    return this.#claims?.onceSync(connection, key, files) ?? onceSync(connection, key, files);
  }
}

/** @internal */
export function shortfallFrom(shortfall: Native.Shortfall): Shortfall {
  return make(Shortfall, shortfall);
}

/**
 * @internal `forbiddenFiles`: the checkout's own SQLite file, which `once` refuses. `claims`: those of the handler that is
 * given the event.
 */
export function orderEventFrom(
  event: Native.OrderEvent,
  forbiddenFiles: readonly string[] = [],
  claims: Claims | null = null,
): OrderEvent {
  const { price, currentPrice, shortfall, settlement } = event;
  return make(
    OrderEvent,
    {
      ...event,
      price: price && priceFrom(price),
      currentPrice: currentPrice && priceFrom(currentPrice),
      additionalData: frozenMap(event.additionalData),
      shortfall: shortfall && shortfallFrom(shortfall),
      settlement: settlement && settlementFrom(settlement),
    },
    forbiddenFiles,
    claims,
  );
}
