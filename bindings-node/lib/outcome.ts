/** What a verify answer comes to. */
export const Outcome = Object.freeze({
  /** Approved, and it is the expected payment: fulfill the order, once. */
  Settled: "settled",
  /** Not paid yet, or not confirmed. */
  Open: "open",
  /** Expired, canceled or rejected. Money can still arrive late. */
  Closed: "closed",
  /** Paid on the chain, and not approved by this call: ask again soon. */
  PaidNotApproved: "paid_not_approved",
  /** The gateway does not know the token for this store. */
  InvalidToken: "invalid_token",
  /** The answer is about another token, order or amount: never fulfill. */
  Mismatch: "mismatch",
  /** Success and status do not go together: never fulfill. */
  Contradictory: "contradictory",
  /** A status that is not documented, or none: never fulfill, ask again later. */
  Unknown: "unknown",
} as const);

/** What a verify answer comes to. */
export type Outcome = (typeof Outcome)[keyof typeof Outcome];
