/** How sure a payment must be before the gateway calls it paid. */
export const Speed = Object.freeze({
  /** Wait for confirmations on the chain. The default. */
  Low: "low",
  /** Accept a transaction from the mempool, which can still be replaced by one that pays somebody else. */
  High: "high",
} as const);

/** How sure a payment must be before the gateway calls it paid. */
export type Speed = (typeof Speed)[keyof typeof Speed];
