/// <reference lib="esnext.disposable" preserve="true" />
import { priceParts } from "./amounts.js";
import { text, wholeNumber, wrongType } from "./arguments.js";
import { type Native, native } from "./binding.js";
import { runCall, signalChecks } from "./call-options.js";
import {
  type AdoptOptions,
  adoptChecks,
  type CheckoutCallOptions,
  type CheckoutOptions,
  type DeadLettersFilter,
  deadLettersChecks,
  type PaymentsFilter,
  paymentsChecks,
  type RunOnceOptions,
  type RunOptions,
  readCheckoutOptions,
  runOnceChecks,
} from "./checkout-options.js";
import {
  type Answer,
  answerFrom,
  type DeadLetter,
  deadLetterFrom,
  type Health,
  type HistoryEntry,
  healthFrom,
  historyEntryFrom,
  type OrderRecord,
  orderRecordFrom,
  type PaymentRecord,
  type PaymentsPage,
  paymentRecordFrom,
  paymentsPageFrom,
} from "./checkout-records.js";
import { Client, connectionOf } from "./client.js";
import { Connection } from "./connection.js";
import { dropUnnamedDispose } from "./dispose.js";
import { unwrap } from "./errors.js";
import { type CallbackHeaders, signatureHeaders } from "./headers.js";
import { refusing, say } from "./log.js";
import { readOptions } from "./options.js";
import type { EventKind } from "./order-event.js";
import { type Payment, paymentFrom } from "./payment.js";
import { type PurchaseOptions, readPurchase, requireOrderId } from "./payment-options.js";
import { callbackBody, readRequest, requestBody } from "./request-body.js";
import { resultOf, results } from "./results.js";
import { queryText, type ReturnQuery } from "./return-visit.js";
import { type OrderHandler, Runner } from "./runner.js";

/** In place of a client: that client and database are the environment's. */
const FROM_ENVIRONMENT: unknown = Symbol("from the environment");

/** The gateway is answered within 4 seconds, come what may. */
const ANSWERED_WITHIN_MS = 3_900;

/** Marks checkouts, whichever copy of this package made them. */
const BRAND = Symbol.for("paymento.checkout");

/** @internal What the command line hands over to, also of another copy of this package. */
export function isCheckout(value: unknown): value is Checkout {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** @internal Whether it can hand anything over. Of another copy's checkout that is not known. */
export let hasHandlers: (checkout: Checkout) => boolean;

/**
 * The SQL that makes the checkout's tables, for database roles that may not: run it as one that may, and make the
 * checkout with `migrate: "check"`.
 *
 * @throws {ConfigError} `config.database_url`: another database
 */
export function checkoutSchemaSql(database: "sqlite" | "postgres" | "postgresql"): string {
  return unwrap(native.checkoutSchemaSql(text(database, "database")));
}

/**
 * The checkout of one store: takes payments for orders, and tells the shop once what became of them. No paid order is
 * lost, and none is handed over as new after it is done: through crashes, lost and doubled and forged callbacks, a
 * gateway or a database that is down. Several processes, in several languages, share one database.
 *
 * Making one opens nothing. Make one and keep it; `close` it before the process ends, or do not: nothing is lost either
 * way.
 *
 * Every method that asks the database is rejected with a `PaymentoError`: `database.` where it cannot be used,
 * `config.closed` after {@link close}.
 *
 * @example
 * const checkout = new Checkout(Client.fromEnv(), { database: "sqlite:paymento.db" });
 *
 * checkout.onPaid(async (order) => ship(order.orderId));
 *
 * app.post("/buy", async (request, response) => {
 *   const payment = await checkout.createPayment({ orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" });
 *   response.redirect(303, payment.url);
 * });
 * app.all("/callback", express.raw({ type: () => true }), async (request, response) => {
 *   const answer = await checkout.receive(request.method, request.headers, request.body);
 *   response.status(answer.status).set(answer.headers).send(answer.body);
 * });
 */
export class Checkout {
  readonly #connection: Connection<Native.Checkout>;
  readonly #runner: Runner;
  readonly #worker: string;
  #closing: Promise<void> | null = null;

  static {
    hasHandlers = (checkout) => !(#runner in checkout) || checkout.#runner.hasHandlers;
  }

  /**
   * Checks the options. Opens nothing, starts nothing.
   *
   * @throws {ConfigError} `config.database_url`, `config.worker` for what is out of range, `config.other_gateway`
   * @throws {DatabaseError} `database.network_file_system`, `database.ephemeral`
   * @throws {InputError} `input.type`, `input.unknown_option`
   */
  constructor(client: Client, options?: CheckoutOptions) {
    const isFromEnv = client === FROM_ENVIRONMENT;
    const { addon, logger } = clientConnection(isFromEnv ? Client.fromEnv() : client);
    const opened = unwrap(native.openCheckout(addon, readCheckoutOptions(options, isFromEnv), results));
    this.#connection = new Connection(opened, logger, native.closedCheckoutError);
    this.#connection.keepLog();
    const file = opened.sqliteFile();
    if (file !== null) {
      say("debug", `the checkout's database is ${file}`, logger);
    }
    this.#runner = new Runner(this.#connection);
    this.#worker = this.#connection.addon.worker();
  }

  /**
   * A checkout from the environment: `PAYMENTO_DATABASE_URL` and, where it is set, `PAYMENTO_LISTEN_URL`, with
   * `Client.fromEnv()`. The options go before it.
   *
   * @throws {ConfigError} `config.missing` names what is not set
   */
  static fromEnv(options?: CheckoutOptions): Checkout {
    return new Checkout(FROM_ENVIRONMENT as Client, options);
  }

  /**
   * Asks for a payment of an order, and keeps it. The same order at the same price gives the same payment for as long as
   * it can be paid: a double click, a reload. A new price supersedes what came before.
   *
   * Ends within 25 seconds, and can be repeated whatever became of it.
   *
   * @throws {CheckoutError} `checkout.already_paid`: show the error's `order`; `checkout.payment_in_progress` while a payment
   * of the order is being confirmed, also with its `order`; `checkout.creation_in_progress` where another process has got
   * no answer in 10 seconds; `checkout.superseded` where the order got another price or was canceled meanwhile
   * @throws {InputError} `input.` and what is wrong in the request; nothing was sent
   */
  async createPayment(options: PurchaseOptions, callOptions?: CheckoutCallOptions): Promise<Payment> {
    const request = readPurchase(options);
    const created = this.#ask(callOptions, (addon, call) => addon.createPayment(request, call));
    this.#startBackground();
    return paymentFrom(await created);
  }

  /**
   * Takes a callback. Send what it gives, as it is.
   *
   * 200: authentic, recorded, and synced to disk. 401: the signature is wrong or missing. 405: neither POST nor PUT. 413:
   * over 64 KiB. 503: it could not be recorded within 4 seconds; the gateway sends it again. What the callback says is
   * never believed: it makes a verify call due. After {@link close} it is 503, and another process gets it.
   *
   * @param method the request's method
   * @param headers as `authenticate` takes them
   * @param body the raw bytes, as they came. What frameworks have in their place for a request without a body will do.
   * @throws {InputError} `input.body` for anything but bytes, with the middleware to move; `input.headers`
   */
  async receive(method: string, headers: CallbackHeaders, body: Uint8Array): Promise<Answer> {
    const begun = performance.now();
    const connection = this.#connection;
    const verb = text(method, "method");
    const parts = () => [signatureHeaders(headers), callbackBody(verb, headers, body)] as const;
    const [signature, bytes] = refusing(connection.logger, parts);
    const ticket = connection.addon.receive(verb, signature, bytes);
    this.#startBackground();
    const answer = await connection.track(runCall({}, () => ticket));
    if (answer.handOver !== null) {
      await this.#runner.handOver(answer.handOver, begun + ANSWERED_WITHIN_MS - performance.now());
    }
    return answerFrom(answer);
  }

  /**
   * {@link receive} for servers that speak fetch: Next.js, Hono, Remix, Bun, Deno. Reads no more than 64 KiB of the body.
   *
   * @example
   * export const POST = (request: Request) => checkout.handle(request);
   *
   * @throws {InputError} `input.body`: somebody has read the body before, or it ended early
   */
  async handle(request: Request): Promise<Response> {
    const { method, headers } = readRequest(request);
    const body = await requestBody(request, native.LONGEST_CALLBACK);
    const answer = await this.receive(method, headers, body);
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  }

  /**
   * Takes the query that the browser comes back with, and gives the order's status; `null` for a payment that is not known
   * here. For a payment of ours that is not settled a verify call is made due, at most one in 15 seconds.
   *
   * Anybody can type a return URL: show the status only to whom the order belongs.
   *
   * @param query as `ReturnVisit.parse` takes it
   */
  async visit(query: ReturnQuery, options?: CheckoutCallOptions): Promise<OrderRecord | null> {
    const parameters = queryText(query);
    const visited = this.#ask(options, (addon, call) => addon.visit(parameters, call));
    this.#startBackground();
    const record = await visited;
    return record && orderRecordFrom(record);
  }

  /**
   * What to do when an order is paid: ship. {@link on} for `paid`.
   *
   * @throws {CheckoutError} `checkout.handler_exists`
   */
  onPaid(handler: OrderHandler): void {
    this.on("paid", handler);
  }

  /**
   * What to do on an event: one handler for each kind. While it runs the order is leased to it, also where it blocks the
   * event loop; no other process is handed the same order. A handler that throws runs again after a wait that grows.
   *
   * It may run again where a process dies between the handler's end and its record: `order.once(connection)`, or
   * `order.key` under a unique key, make it once.
   *
   * @throws {CheckoutError} `checkout.handler_exists`
   * @throws {InputError} `input.type`: another kind, no function, or a generator function
   */
  on(kind: EventKind, handler: OrderHandler): void {
    this.#runner.on(kind, handler);
  }

  /**
   * Where an order stands, by the checkout's own database. The gateway is not asked.
   *
   * @throws {CheckoutError} `checkout.unknown_order`
   */
  async status(orderId: string, options?: CheckoutCallOptions): Promise<OrderRecord> {
    const id = text(orderId, "orderId");
    return orderRecordFrom(await this.#ask(options, (addon, call) => addon.status(id, call)));
  }

  /**
   * The payment with this token.
   *
   * @throws {CheckoutError} `checkout.unknown_payment`
   * @throws {InputError} `input.token`
   */
  async payment(token: string, options?: CheckoutCallOptions): Promise<PaymentRecord> {
    const name = text(token, "token");
    return paymentRecordFrom(await this.#ask(options, (addon, call) => addon.payment(name, call)));
  }

  /** Payments, oldest first, a hundred at a time. One without a token yet is on no page. */
  async payments(filter?: PaymentsFilter, options?: CheckoutCallOptions): Promise<PaymentsPage> {
    const { state, since, after } = readOptions(filter, paymentsChecks);
    return paymentsPageFrom(await this.#ask(options, (addon, call) => addon.payments(state, since, after, call)));
  }

  /** What happened to an order, oldest first: why was it shipped? Empty for an order that is not known. */
  async history(orderId: string, options?: CheckoutCallOptions): Promise<HistoryEntry[]> {
    const id = text(orderId, "orderId");
    const entries = await this.#ask(options, (addon, call) => addon.history(id, call));
    return entries.map(historyEntryFrom);
  }

  /** How the checkout does. Cheap enough for every few seconds. Where it is rejected, it does badly. */
  async health(options?: CheckoutCallOptions): Promise<Health> {
    return healthFrom(await this.#ask(options, (addon, call) => addon.health(call)));
  }

  /**
   * Takes over a payment that other code has made. The gateway is asked about it first, and then it is watched like any.
   * Callbacks that came for it within the last 7 days count. The amount is held against the gateway's; the currency cannot
   * be, since the gateway names none.
   *
   * @param adopted the order, and the price that was asked for: it becomes the order's where the order is new
   * @throws {VerifyError} `verify.invalid_token`, `verify.mismatch` where the gateway does not know it as this order's at
   * this price
   * @throws {CheckoutError} `checkout.other_order`
   */
  async adopt(token: string, adopted: AdoptOptions, options?: CheckoutCallOptions): Promise<OrderRecord> {
    const name = text(token, "token");
    const checked = readOptions(adopted, adoptChecks);
    const [id, price, { speed }] = [requireOrderId(checked.orderId), priceParts(checked), checked];
    return orderRecordFrom(await this.#ask(options, (addon, call) => addon.adopt(name, id, price, speed, call)));
  }

  /**
   * Cancels an order that is not paid. Its payments stay watched: one that settles afterwards is an `attention`, never
   * `paid`, unless {@link createPayment} has opened the order again.
   *
   * @throws {CheckoutError} `checkout.already_paid`, `checkout.unknown_order`
   */
  async cancel(orderId: string, options?: CheckoutCallOptions): Promise<OrderRecord> {
    const id = text(orderId, "orderId");
    return orderRecordFrom(await this.#ask(options, (addon, call) => addon.cancel(id, call)));
  }

  /** Events whose handler has failed for good, oldest first, a hundred at most. */
  async deadLetters(filter?: DeadLettersFilter, options?: CheckoutCallOptions): Promise<DeadLetter[]> {
    const { after } = readOptions(filter, deadLettersChecks);
    const letters = await this.#ask(options, (addon, call) => addon.deadLetters(after, call));
    return letters.map((letter) => deadLetterFrom(letter, this.#runner.forbiddenFiles));
  }

  /**
   * Hands a dead letter over again. Of a paid order the gateway is asked once more first.
   *
   * @throws {CheckoutError} `checkout.not_dead`
   * @throws {VerifyError} where a paid order no longer is
   */
  async replay(id: number, options?: CheckoutCallOptions): Promise<void> {
    const number = wholeNumber(id, "id");
    await this.#ask(options, (addon, call) => addon.replay(number, call));
  }

  /**
   * Hands over to the handlers until the signal is aborted; then waits for those that run. Keeps the process alive. What
   * `npx paymento worker` runs.
   *
   * A database that does not answer is waited for.
   *
   * @throws what waiting does not cure: `config.`, `database.schema` and the like
   */
  async run(options?: RunOptions): Promise<void> {
    const { signal } = readOptions(options, signalChecks);
    this.#connection.begin();
    await this.#runner.run(signal);
  }

  /**
   * Verifies what is due and runs handlers on what there is, one after the other, until nothing is due or the time is
   * over. For hosts without background work, for cron, and for tests.
   *
   * @returns how many events were handled
   */
  async runOnce(options?: RunOnceOptions): Promise<number> {
    const { maxMs = 10_000, orderId } = readOptions(options, runOnceChecks);
    return this.#runner.runOnce(maxMs, orderId);
  }

  /**
   * Takes no more work, waits up to 10 seconds for the handlers that run, and for the calls under way, and closes the
   * connections. New calls are refused with `config.closed` from then on. Closing twice does nothing. Not to be awaited by
   * a handler, which would only wait for itself.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#runner.end();
    await this.#connection.end();
    unwrap(await resultOf(this.#connection.addon.close()));
    this.#connection.handLogOn();
  }

  #ask<T>(
    options: unknown,
    start: (addon: Native.Checkout, call: Native.Call | undefined) => Native.Ticket<T>,
  ): Promise<T> {
    return this.#connection.run(readOptions(options, signalChecks), start);
  }

  #startBackground(): void {
    if (this.#worker === "thread") {
      this.#runner.startInBackground();
    }
  }
}

dropUnnamedDispose(Checkout);
Object.defineProperty(Checkout.prototype, BRAND, { value: true });

function clientConnection(client: unknown): Connection<Native.Client> {
  if (!(client instanceof Client)) {
    throw wrongType("the client", "a Client of this package", client, "there may be two copies of paymento installed");
  }
  return connectionOf(client);
}
