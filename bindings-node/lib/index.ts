/**
 * Crypto payments through the Paymento gateway, in five steps.
 *
 * 1. **Create**: `client.createPayment` asks the gateway for a payment and gives its token and address.
 * 2. **Redirect** the customer to `payment.url`, the hosted page.
 * 3. **Callback**: the gateway posts a signed message. `authenticate` checks the raw body; there is no other way to get a
 *    `Callback`.
 * 4. **Verify**: `client.verifyPayment` asks the gateway, and holds the answer against the order.
 * 5. **Fulfill**: what `verification.requireSettled()` gives is the proof of payment. Ship once.
 *
 * A callback is a reason to verify, a `ReturnVisit` is a hint, and neither can be fulfilled.
 *
 * A {@link Checkout} does all five, and keeps them in a database: no paid order is lost, and none is handed over as new
 * after it is done. A `Client` alone is for shops that keep their own state.
 *
 * @packageDocumentation
 */

export type { CallOptions } from "./call-options.js";
export { authenticate, Callback } from "./callback.js";
export { Checkout, checkoutSchemaSql } from "./checkout.js";
export type {
  AdoptOptions,
  CheckoutCallOptions,
  CheckoutOptions,
  DeadLettersFilter,
  PaymentsFilter,
  RunOnceOptions,
  RunOptions,
} from "./checkout-options.js";
export {
  Answer,
  DeadLetter,
  Health,
  HistoryEntry,
  OrderRecord,
  type OrderState,
  PaymentRecord,
  type PaymentState,
  PaymentsPage,
  type Problem,
} from "./checkout-records.js";
export { Client } from "./client.js";
export type { ClientOptions } from "./client-options.js";
export { AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant } from "./directory.js";
export type { ErrorCode } from "./error-code.js";
export {
  ApiError,
  CheckoutError,
  ConfigError,
  DatabaseError,
  DecodeError,
  type ErrorDetails,
  InputError,
  isPaymentoError,
  PaymentoError,
  SignatureError,
  TransportError,
  VerifyError,
} from "./errors.js";
export type { CallbackHeaders } from "./headers.js";
export type { LogFields, Logger, LogMessage } from "./log.js";
export { type OnceConnection, type OnceDatabase, type OnceQuery, onceTableSql } from "./once.js";
export { EventKind, OrderEvent, Reason, Shortfall } from "./order-event.js";
export { type AnyOrderStatus, Meaning, OrderStatus, orderStatusMeaning, orderStatusName } from "./order-status.js";
export { Outcome } from "./outcome.js";
export { Payment, Price } from "./payment.js";
export type {
  CallbackUrlOptions,
  CoinPricesOptions,
  ExpectedPayment,
  PaymentOptions,
  PriceOptions,
  PurchaseOptions,
  SettingsOptions,
} from "./payment-options.js";
export { type ReturnQuery, ReturnVisit } from "./return-visit.js";
export type { OrderHandler } from "./runner.js";
export { CallbackMethod, CallbackUrlChange, Settings } from "./settings.js";
export { Settlement, Transaction } from "./settlement.js";
export { SIGNATURE_HEADER, sign, VERSION } from "./signature.js";
export { Speed } from "./speed.js";
export { Verification } from "./verification.js";
