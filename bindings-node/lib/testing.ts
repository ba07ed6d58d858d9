/**
 * For the tests of a shop: the gateway played on this machine, signed callbacks, and a factory for every type that has
 * no constructor.
 *
 * @packageDocumentation
 */

export type { Duration } from "./durations.js";
export { FAULTS, type Fault } from "./faults.js";
export type { ArmedFault, Finding } from "./findings.js";
export type { PaymentSnapshot, SimulatorEvent, StoreSnapshot, TransactionSnapshot } from "./simulated.js";
export type { Delivery, DeliveryAttempt } from "./simulated-delivery.js";
export { Simulator } from "./simulator.js";
export type { ChaosOptions, TriggerOptions } from "./simulator-misbehave.js";
export type { SimulatorOptions, StoreOptions } from "./simulator-options.js";
export { type CallbackFactoryOptions, callback, type SignedCallback, signedCallback } from "./testing-callback.js";
export {
  acceptedCoin,
  callbackUrlChange,
  coin,
  coinPrice,
  currency,
  info,
  language,
  lastBlock,
  merchant,
  settings,
} from "./testing-directory.js";
export { type OrderEventFactoryOptions, orderEvent, type ShortfallFactoryOptions, shortfall } from "./testing-event.js";
export {
  type PaymentFactoryOptions,
  payment,
  price,
  type SettlementFactoryOptions,
  settlement,
  type TransactionFactoryOptions,
  transaction,
  type VerificationFactoryOptions,
  verification,
} from "./testing-payment.js";
export {
  type AnswerFactoryOptions,
  answer,
  type DeadLetterFactoryOptions,
  deadLetter,
  type HealthFactoryOptions,
  type HistoryEntryFactoryOptions,
  health,
  historyEntry,
  type OrderRecordFactoryOptions,
  orderRecord,
  type PaymentRecordFactoryOptions,
  type PaymentsPageFactoryOptions,
  paymentRecord,
  paymentsPage,
} from "./testing-records.js";
