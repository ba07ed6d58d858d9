// A shop in TypeScript, as an ES module. Compiled with --strict, against the packed package.

import {
  ApiError,
  authenticate,
  Callback,
  CallbackMethod,
  Client,
  type ErrorCode,
  isPaymentoError,
  type Logger,
  Meaning,
  OrderStatus,
  Outcome,
  orderStatusMeaning,
  type Payment,
  ReturnVisit,
  SIGNATURE_HEADER,
  Speed,
  sign,
  TransportError,
  VERSION,
  type Verification,
  VerifyError,
} from "paymento";
import { callback, payment, Simulator, signedCallback } from "paymento/testing";

const logger: Logger = console;
const client = new Client("an-api-key", {
  secretKey: "k",
  timeoutMs: 5_000,
  maxAttempts: 2,
  logger,
  caCertificates: "",
});

export async function buy(signal: AbortSignal): Promise<Payment> {
  const made = await client.createPayment({
    orderId: "A-578",
    fiatAmount: "29.99",
    fiatCurrency: "USD",
    speed: Speed.High,
    additionalData: { cart: "42" },
    signal,
  });
  const url: string = made.url;
  const live: boolean | null = made.live;
  // @ts-expect-error: values do not change
  made.token = "another";
  // @ts-expect-error: amounts are decimal strings
  await client.createPayment({ orderId: "A-1", fiatAmount: 29.99, fiatCurrency: "USD" });
  // @ts-expect-error: the order id is missing
  await client.createPayment({ fiatAmount: "29.99", fiatCurrency: "USD" });
  // @ts-expect-error: there is no such option
  await client.createPayment({ orderId: "A-1", amount: "29.99" });
  return url && live === false ? made : made;
}

export async function receive(request: { body: Buffer; headers: import("node:http").IncomingHttpHeaders }) {
  const message = authenticate(request.body, request.headers, ["new", "old"]);
  const token: string | null = message.token;
  const id: string | null = message.paymentId;
  if (token === null || message.status !== OrderStatus.Paid) return id;
  const verification: Verification = await client.verifyPayment(token, { orderId: "A-578", ...payment().price });
  switch (verification.outcome) {
    case Outcome.Settled:
      return verification.requireSettled().requestedFiatAmount;
    case "open":
      return orderStatusMeaning(verification.status ?? 0) === Meaning.Open;
    default:
      return verification.detail;
  }
}

export function explain(error: unknown): ErrorCode | undefined {
  if (error instanceof VerifyError) {
    const outcome: "open" | "closed" | string = error.outcome;
    return outcome === "open" ? "verify.open" : error.code;
  }
  if (error instanceof TransportError && error.maybeSent) return "transport.timeout";
  if (error instanceof ApiError) return error.httpStatus === 404 ? "api.not_found" : error.code;
  return isPaymentoError(error) ? error.code : undefined;
}

export async function tested(request: Request): Promise<string> {
  await using simulator = await Simulator.start({ callbackMethod: CallbackMethod.Put });
  await using pointed = simulator.client();
  const { headers, body } = signedCallback({ secretKey: simulator.secretKey, status: 7 });
  const made: Callback = pointed.authenticate(body, headers);
  authenticate(new Uint8Array(await request.arrayBuffer()), request.headers, "k");
  const visit = ReturnVisit.parse(new URL(request.url).searchParams);
  // @ts-expect-error: a return visit has no status
  visit.status;
  // @ts-expect-error: only the library makes callbacks
  new Callback();
  // @ts-expect-error: a body is bytes
  sign("text", "k");
  return `${callback().orderId} ${made.statusText} ${visit.token} ${SIGNATURE_HEADER} ${VERSION}`;
}
