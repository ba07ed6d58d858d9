/// <reference lib="esnext.disposable" preserve="true" />
import { isAbsent, text, texts, wrongType } from "./arguments.js";
import { type Native, native } from "./binding.js";
import { rawBody } from "./body.js";
import type { CallOptions } from "./call-options.js";
import { type Callback, callbackFrom } from "./callback.js";
import { type ClientOptions, readClientOptions } from "./client-options.js";
import { Connection } from "./connection.js";
import { make } from "./data.js";
import { AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant } from "./directory.js";
import { dropUnnamedDispose } from "./dispose.js";
import { toError, unwrap } from "./errors.js";
import { type CallbackHeaders, signatureHeaders } from "./headers.js";
import { refusing } from "./log.js";
import { readOptions } from "./options.js";
import { type Payment, paymentFrom } from "./payment.js";
import {
  type CallbackUrlOptions,
  type CoinPricesOptions,
  callbackUrlChecks,
  coinPricesChecks,
  type ExpectedPayment,
  type PaymentOptions,
  readExpectedPayment,
  readPaymentOptions,
  type SettingsOptions,
  settingsChecks,
} from "./payment-options.js";
import { results } from "./results.js";
import { type CallbackUrlChange, callbackUrlChangeFrom, type Settings, settingsFrom } from "./settings.js";
import { type Verification, verificationFrom } from "./verification.js";

/** In place of an API key: that the environment has it. */
const FROM_ENVIRONMENT: unknown = Symbol("from the environment");

/** @internal What a checkout shares with its client. */
export let connectionOf: (client: Client) => Connection<Native.Client>;

/**
 * Talks to the gateway for one store. Make one and keep it: it keeps its connections.
 *
 * Every method that asks the gateway is rejected with a `PaymentoError`: `transport.` when there is no answer, `api.`
 * when the gateway refuses, `decode.` when the answer cannot be read, `input.` before anything is sent, `config.closed`
 * after {@link close}.
 *
 * @example
 * const client = Client.fromEnv();
 * const payment = await client.createPayment({ orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" });
 * response.redirect(303, payment.url);
 */
export class Client {
  readonly #connection: Connection<Native.Client>;

  static {
    connectionOf = (client) => client.#connection;
  }

  /**
   * Checks the options. Opens no connection.
   *
   * @param apiKey the store's API key, as the dashboard shows it
   * @throws {ConfigError} `config.` and what cannot be used
   * @throws {InputError} `input.type`, `input.unknown_option`
   */
  constructor(apiKey: string, options?: ClientOptions) {
    const { logger, forAddon } = readClientOptions(readApiKey(apiKey), options);
    const opened = unwrap(native.openClient(forAddon, results));
    this.#connection = new Connection(opened, logger, native.closedError);
  }

  /**
   * A client from the environment: `PAYMENTO_API_KEY` and `PAYMENTO_SECRET_KEY`, and where they are set
   * `PAYMENTO_SECRET_KEY_PREVIOUS`, `PAYMENTO_BASE_URL` and `PAYMENTO_GATEWAY_URL`. The options go before it: a `secretKey`
   * replaces both of the environment's secret keys, a `previousSecretKey` the previous one.
   *
   * @throws {ConfigError} `config.missing` names what is not set
   */
  static fromEnv(options?: ClientOptions): Client {
    return new Client(FROM_ENVIRONMENT as string, options);
  }

  /**
   * Asks for a payment: gives its token and the address to send the customer to.
   *
   * Keep the token beside the order before the customer is redirected.
   *
   * Never repeated where the request may have been carried out: the gateway knows no idempotency key, and a second
   * request makes a second payable payment. The error then says `maybeSent`.
   *
   * @throws {InputError} `input.` and what is wrong in the request; nothing was sent
   */
  async createPayment(options: PaymentOptions): Promise<Payment> {
    const { request, call } = readPaymentOptions(options);
    return paymentFrom(await this.#connection.run(call, (client, own) => client.createPayment(request, own)));
  }

  /**
   * Asks the gateway whether a payment is settled, and holds the answer against what the shop recorded.
   *
   * **This moves a Paid payment to Approve at the gateway.** It is no status poll: call it after a callback, for a
   * returning customer with an open order, or to reconcile; show customers your own records.
   *
   * That a payment is not settled is no error here; see `verification.requireSettled()`.
   *
   * @param token the payment's token
   * @param expected the order, and its price: `{ orderId, ...payment.price }` will do. The currency is not compared,
   * since the gateway does not report it; the token binds it
   * @throws {InputError} `input.token`, `input.order_id`, `input.amount` and the like; nothing was sent
   */
  async verifyPayment(token: string, expected: ExpectedPayment): Promise<Verification> {
    const name = text(token, "token");
    const { expected: recorded, call } = readExpectedPayment(expected);
    return verificationFrom(
      await this.#connection.run(call, (client, own) => client.verifyPayment(name, recorded, own)),
    );
  }

  /** Where the gateway sends this store's callbacks. */
  async settings(options?: CallOptions): Promise<Settings> {
    return settingsFrom(await this.#connection.ask(options, (client, call) => client.settings(call)));
  }

  /**
   * Sets where the gateway sends this store's callbacks, for good. Prefer {@link ensureCallbackUrl}, which takes nothing
   * away from another deployment.
   *
   * @throws {InputError} `input.callback_url`: it must be https, and may be http only while the client talks to a
   * loopback address; `input.method`
   */
  async setSettings(callbackUrl: string, options?: SettingsOptions): Promise<Settings> {
    const url = text(callbackUrl, "callbackUrl");
    const call = readOptions(options, settingsChecks);
    return settingsFrom(await this.#connection.run(call, (client, own) => client.setSettings(url, call.method, own)));
  }

  /**
   * Makes sure that callbacks come to this address: reads, compares, and writes only a difference. A store has one
   * callback address; another host's is replaced only with `replace`.
   *
   * @throws {ConfigError} `config.callback_url_taken`
   * @throws {InputError} `input.callback_url`, `input.method`
   */
  async ensureCallbackUrl(callbackUrl: string, options?: CallbackUrlOptions): Promise<CallbackUrlChange> {
    const url = text(callbackUrl, "callbackUrl");
    const call = readOptions(options, callbackUrlChecks);
    const { method, replace = false } = call;
    return callbackUrlChangeFrom(
      await this.#connection.run(call, (client, own) => client.ensureCallbackUrl(url, method, replace, own)),
    );
  }

  /** The coins that this store takes. */
  async acceptedCoins(options?: CallOptions): Promise<AcceptedCoin[]> {
    const coins = await this.#connection.ask(options, (client, call) => client.acceptedCoins(call));
    return coins.map((coin) => make(AcceptedCoin, coin));
  }

  /** Every coin that the gateway knows, those of test networks included. */
  async coins(options?: CallOptions): Promise<Coin[]> {
    const coins = await this.#connection.ask(options, (client, call) => client.coins(call));
    return coins.map((coin) => make(Coin, coin));
  }

  /**
   * How far the gateway has read a coin's chain.
   *
   * @param coinId the coin's id, as `coinPrices` gives it
   * @throws {InputError} `input.coin`
   */
  async lastBlock(coinId: string | number | bigint, options?: CallOptions): Promise<LastBlock> {
    const id = readCoinId(coinId);
    return make(LastBlock, await this.#connection.ask(options, (client, call) => client.lastBlock(id, call)));
  }

  /**
   * What coins cost in a currency.
   *
   * @throws {InputError} `input.coin` for no name or a malformed one; `input.currency`
   */
  async coinPrices(coinNames: readonly string[], currency: string, options?: CoinPricesOptions): Promise<CoinPrice[]> {
    const names = texts(coinNames, "coinNames");
    const code = text(currency, "currency");
    const call = readOptions(options, coinPricesChecks);
    const { includeChange = false } = call;
    const prices = await this.#connection.run(call, (client, own) =>
      client.coinPrices(names, code, includeChange, own),
    );
    return prices.map((price) => make(CoinPrice, price));
  }

  /** The currencies that prices can be given in. */
  async currencies(options?: CallOptions): Promise<Currency[]> {
    const currencies = await this.#connection.ask(options, (client, call) => client.currencies(call));
    return currencies.map((currency) => make(Currency, currency));
  }

  /** The languages of the hosted page. */
  async languages(options?: CallOptions): Promise<Language[]> {
    const languages = await this.#connection.ask(options, (client, call) => client.languages(call));
    return languages.map((language) => make(Language, language));
  }

  /** What the gateway says of itself. */
  async info(options?: CallOptions): Promise<Info> {
    return make(Info, await this.#connection.ask(options, (client, call) => client.info(call)));
  }

  /** Asks whether the gateway answers. Says nothing about the API key; see {@link merchant}. */
  async ping(options?: CallOptions): Promise<void> {
    await this.#connection.ask(options, (client, call) => client.ping(call));
  }

  /** The merchant that the API key belongs to. */
  async merchant(options?: CallOptions): Promise<Merchant> {
    return make(Merchant, await this.#connection.ask(options, (client, call) => client.merchant(call)));
  }

  /**
   * Authenticates a callback with this client's secret keys. See the function `authenticate`.
   *
   * @throws {SignatureError} `signature.missing`, `signature.malformed`, `signature.conflicting`, `signature.mismatch`
   * @throws {InputError} `input.body`, `input.body_too_large`, `input.headers`
   * @throws {ConfigError} `config.secret` when the client has no secret key, `config.closed`
   * @throws {DecodeError} `decode.callback`
   */
  authenticate(body: Uint8Array, headers: CallbackHeaders): Callback {
    const connection = this.#connection;
    connection.begin();
    const [bytes, signature] = refusing(connection.logger, () => [rawBody(body), signatureHeaders(headers)] as const);
    const result = connection.addon.authenticate(bytes, signature);
    if (typeof result !== "string") {
      connection.handLogOn();
    }
    return callbackFrom(result, bytes);
  }

  /** Refuses new calls with `config.closed` at once, and waits for those under way. Closing twice does nothing. */
  async close(): Promise<void> {
    await this.#connection.end();
    this.#connection.addon.close();
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

dropUnnamedDispose(Client);

function readApiKey(apiKey: unknown): string | undefined {
  if (apiKey === FROM_ENVIRONMENT) {
    return undefined;
  }
  if (isAbsent(apiKey)) {
    throw toError(native.noApiKey());
  }
  return text(apiKey, "the API key");
}

function readCoinId(coinId: unknown): string {
  if (typeof coinId === "string" || typeof coinId === "bigint" || Number.isSafeInteger(coinId)) {
    return String(coinId);
  }
  throw wrongType("coinId", "a string or a whole number", coinId);
}
