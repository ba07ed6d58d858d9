// The smallest shop that is right: it authenticates, verifies, and ships an order once.
import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

import { SignatureError } from "../../bindings-node/dist/index.mjs";

export class Shop {
  payments = new Map();
  shipped = [];

  static async open(client) {
    const shop = new Shop();
    shop.client = client;
    shop.server = createServer(async (request, response) => {
      response.writeHead(await shop.receive(request.headers, await buffer(request))).end();
    }).listen(0, "127.0.0.1");
    await once(shop.server, "listening");
    shop.callbackUrl = `http://127.0.0.1:${shop.server.address().port}/callback`;
    return shop;
  }

  expects(payment) {
    this.payments.set(payment.token, payment);
  }

  async receive(headers, body) {
    let callback;
    try {
      callback = this.client.authenticate(body, headers);
    } catch (error) {
      if (error instanceof SignatureError) return 401;
      throw error;
    }
    const payment = this.payments.get(callback.token);
    if (!payment) return 200;
    const { fiatAmount, fiatCurrency } = payment.price;
    const { orderId } = payment;
    const verification = await this.client.verifyPayment(payment.token, { orderId, fiatAmount, fiatCurrency });
    if (verification.isSettled && !this.shipped.includes(orderId)) {
      this.shipped.push(orderId);
    }
    return 200;
  }

  close() {
    this.server.close();
  }
}
