import type { Native } from "./binding.js";
import { Data, frozenMap, make } from "./data.js";
import { unwrap } from "./errors.js";
import type { AnyOrderStatus } from "./order-status.js";
import type { Outcome } from "./outcome.js";
import { type Settlement, settlementFrom } from "./settlement.js";

/**
 * A verify answer, held against what the shop recorded.
 *
 * Made by `client.verifyPayment`; for tests by `testing.verification`.
 */
export class Verification extends Data {
  /** What the answer comes to. */
  declare readonly outcome: Outcome;
  /** Whether the order is to be fulfilled. */
  declare readonly isSettled: boolean;
  /** The token that was asked about. */
  declare readonly token: string;
  /** The order that was expected. */
  declare readonly orderId: string;
  /**
   * The status after the call. `null` on servers that report none, or where it cannot be read. An undocumented one beyond
   * 2^53 loses digits; {@link statusText} keeps them.
   */
  declare readonly status: AnyOrderStatus | null;
  /** The status as it came. */
  declare readonly statusText: string | null;
  /**
   * Whether no amount was compared: none was expected, or the gateway reported none. The token still binds the payment
   * to what was asked for when it was made.
   */
  declare readonly amountUnchecked: boolean;
  /** What does not match or is contradictory, in words. */
  declare readonly detail: string | null;
  /** The gateway's own message. */
  declare readonly message: string | null;
  /** The shop's own notes from `createPayment`. */
  declare readonly additionalData: Readonly<Record<string, string>>;
  /** What the gateway reports of the money, where it does, whatever the outcome. */
  declare readonly settlement: Settlement | null;
  readonly #required: Native.Verification["required"];

  private constructor(key: unknown, fields: object, required: Native.Verification["required"]) {
    super(key, fields);
    this.#required = required;
  }

  /**
   * The settlement of a settled payment; on servers that report none, one without amounts.
   *
   * @throws {VerifyError} for every other outcome: `verify.open`, `verify.closed`, `verify.paid_not_approved`,
   * `verify.invalid_token`, `verify.mismatch`, `verify.contradictory`, `verify.unknown`
   */
  requireSettled(): Settlement {
    const settlement = this.#required && settlementFrom(unwrap(this.#required));
    return settlement ?? (this.settlement as Settlement);
  }
}

/** @internal */
export function verificationFrom(verification: Native.Verification): Verification {
  const { required, additionalData, settlement, ...rest } = verification;
  const fields = {
    ...rest,
    additionalData: frozenMap(additionalData),
    settlement: settlement && settlementFrom(settlement),
  };
  return make(Verification, fields, required);
}
