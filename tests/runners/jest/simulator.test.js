const { Simulator } = require("paymento/testing");

const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };
let simulator;

beforeAll(async () => {
  simulator = await Simulator.start();
});
afterAll(() => simulator.stop());

test("half of the money is not enough", async () => {
  const client = simulator.client();
  const { token } = await client.createPayment(order);
  await simulator.underpay(token);
  expect((await client.verifyPayment(token, order)).isSettled).toBe(false);
  await simulator.pay(token);
  expect((await client.verifyPayment(token, order)).isSettled).toBe(true);
});

test("a failure is a typed error here too", async () => {
  await expect(simulator.pay("no-such-token")).rejects.toMatchObject({ code: "api.rejected" });
});

test("a simulator that nobody stops does not keep the run alive", async () => {
  expect((await Simulator.start()).baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
});
