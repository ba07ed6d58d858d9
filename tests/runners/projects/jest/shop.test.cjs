// As a shop tests itself with Jest.

const { InputError } = require("paymento");
const { Simulator } = require("paymento/testing");
const { openShop } = require("../../shop.cjs");

const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };

let simulator;
let shop;

beforeEach(async () => {
  simulator = await Simulator.start({ virtualClock: true, seed: 7 });
  shop = await openShop(simulator.client());
  await simulator.setCallbackUrl(shop.url);
});

afterEach(async () => {
  shop.close();
  await simulator.stop();
});

test("an underpaid order is shipped once the rest has come, late and twice", async () => {
  const { token } = await simulator.client().createPayment(order);
  await simulator.underpay(token);
  await simulator.deliveries(token, { count: 1 });
  expect([...shop.shipped]).toEqual([]);
  await simulator.arm("callback.delay", { times: 2 });
  await simulator.arm("callback.duplicate", { times: 2 });
  await simulator.pay(token);
  await simulator.advance("2m");
  const deliveries = await simulator.deliveries(token, { count: 5 });
  expect(deliveries.map(({ isDelivered }) => isDelivered)).toEqual(Array(5).fill(true));
  expect([...shop.shipped]).toEqual(["A-578"]);
  await simulator.checkFindings();
});

test("a forged callback is refused, and a mistake is an error of ours", async () => {
  const { token } = await simulator.client().createPayment(order);
  await simulator.forgeCallback(token, Buffer.from(JSON.stringify({ Token: token, OrderStatus: 7 })));
  await simulator.advance("1m");
  const [delivery] = await simulator.deliveries(token, { count: 1 });
  expect(delivery.attempts[0].answerStatus).toBe(401);
  expect([...shop.shipped]).toEqual([]);
  await expect(simulator.advance("20")).rejects.toThrow(InputError);
});
