// One implementation, in CommonJS: the classes are the same for both module systems.
export type * from "./testing.js";
export {
  acceptedCoin,
  callback,
  callbackUrlChange,
  coin,
  coinPrice,
  currency,
  FAULTS,
  info,
  language,
  lastBlock,
  merchant,
  payment,
  price,
  Simulator,
  settings,
  settlement,
  signedCallback,
  transaction,
  verification,
} from "./testing.js";
