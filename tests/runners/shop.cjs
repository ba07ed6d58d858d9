// The shop under test: it authenticates, verifies, and ships an order once.

const { once } = require("node:events");
const { createServer } = require("node:http");
const { buffer } = require("node:stream/consumers");
const { SignatureError } = require("paymento");

exports.openShop = async (client) => {
  const shipped = new Set();
  const receive = async (request) => {
    const callback = client.authenticate(await buffer(request), request.headers);
    const { orderId } = callback;
    const verification = await client.verifyPayment(callback.token, {
      orderId,
      fiatAmount: "29.99",
      fiatCurrency: "USD",
    });
    if (verification.isSettled) shipped.add(orderId);
    return 200;
  };
  const server = createServer((request, response) => {
    receive(request)
      .catch((error) => (error instanceof SignatureError ? 401 : 500))
      .then((status) => response.writeHead(status).end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const close = () => server.close();
  return { shipped, url: `http://127.0.0.1:${server.address().port}/callback`, close };
};
