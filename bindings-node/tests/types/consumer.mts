// A shop in TypeScript, as an ES module. Compiled with --strict, against the packed package.

import {
  type Answer,
  ApiError,
  authenticate,
  Callback,
  CallbackMethod,
  Checkout,
  type CheckoutOptions,
  Client,
  checkoutSchemaSql,
  type ErrorCode,
  EventKind,
  isPaymentoError,
  type Logger,
  Meaning,
  OrderEvent,
  type OrderHandler,
  OrderStatus,
  Outcome,
  orderStatusMeaning,
  type Payment,
  Reason,
  ReturnVisit,
  SIGNATURE_HEADER,
  Speed,
  sign,
  TransportError,
  VERSION,
  type Verification,
  VerifyError,
} from "paymento";
import { callback, orderEvent, payment, Simulator, signedCallback } from "paymento/testing";

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

const options: CheckoutOptions = {
  database: "sqlite:paymento.db",
  worker: "inline",
  maxHandlerTimeMs: 60_000,
  keepDecisionsMs: null,
};
const checkout = new Checkout(client, options);
const ship: OrderHandler = async (order) => {
  const price: string | null | undefined = order.price?.fiatAmount;
  const missing: string | undefined = order.shortfall?.amount;
  // @ts-expect-error: values do not change
  order.key = "another";
  return price ?? missing ?? order.settlement?.raw;
};
checkout.onPaid(ship);
checkout.on("partially_paid", (order) => order.shortfall?.inMempool);
checkout.on(EventKind.Closed, ({ orderId }) => orderId);
checkout.on("attention", (order) => order.reason === Reason.DuplicatePayment);
// @ts-expect-error: there is no such event
checkout.on("shipped", ship);
// @ts-expect-error: there is no such option
new Checkout(client, { url: "sqlite:paymento.db" });
// @ts-expect-error: there is no such worker
new Checkout(client, { worker: "fork" });
// @ts-expect-error: only the library makes events
new OrderEvent();

export async function route(request: Request, signal: AbortSignal): Promise<Response> {
  const made: Payment = await checkout.createPayment(
    { orderId: "A-578", cryptoAmounts: { Bitcoin: "0.1" }, returnUrl: "https://shop.example/" },
    { signal },
  );
  // @ts-expect-error: time limits are the client's
  await checkout.createPayment({ orderId: "A-578" }, { timeoutMs: 5 });
  const { state, paidAt } = await checkout.status("A-578");
  const since: Date = paidAt ?? new Date();
  const { payments, next } = await checkout.payments({ state: "open", since, after: null });
  const [letter] = await checkout.deadLetters();
  if (letter !== undefined) await checkout.replay(letter.id);
  const [entry] = await checkout.history("A-578");
  const { ok, problems, verifyLagMs } = await checkout.health({ signal });
  await checkout.adopt(made.token, { orderId: "A-578", fiatAmount: "5", fiatCurrency: "USD", speed: "high" });
  const visited: string | undefined = (await checkout.visit(new URL(request.url).searchParams))?.state;
  const handled: number = await checkout.runOnce({ maxMs: 500, orderId: "A-578" });
  const words = [state, next, entry?.at.toISOString(), ok, problems[0], verifyLagMs, visited, handled, payments.length];
  return words.includes("paid") ? checkout.handle(request) : new Response(checkoutSchemaSql("postgres"));
}

export async function answered(request: import("node:http").IncomingMessage & { body: Buffer }): Promise<Answer> {
  const answer = await checkout.receive(request.method ?? "", request.headers, request.body);
  const code: ErrorCode | null = answer.code;
  // @ts-expect-error: a body is bytes
  await checkout.receive("POST", request.headers, "text");
  await ship(orderEvent({ kind: "paid", late: true }));
  return code === "signature.mismatch" ? answer : answer;
}

export async function worked(): Promise<void> {
  await using short = Checkout.fromEnv({ requireLive: true });
  await short.run({ signal: AbortSignal.timeout(5) });
}
