/**
 * For the tests of a shop: the gateway played on this machine, signed callbacks, and a factory for every type that has
 * no constructor.
 *
 * @packageDocumentation
 */

export type { Delivery, DeliveryAttempt, PaymentSnapshot, SimulatorEvent } from "./simulated.js";
export { Simulator, type SimulatorOptions } from "./simulator.js";
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
