// A shop of few words: it takes callbacks, and knows who came back. A callback can be held until it is let go.

import { once } from "node:events";
import { createServer } from "node:http";

export class Shop {
  callbacks = [];
  #server;
  #held = null;
  #waiting = [];

  static async open() {
    const shop = new Shop();
    shop.#server = createServer((request, response) => shop.#answer(request, response)).listen(0, "127.0.0.1");
    await once(shop.#server, "listening");
    return shop;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  hold() {
    this.#held = true;
  }

  letGo() {
    this.#held = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async #answer(request, response) {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const page = '<!doctype html><link rel="icon" href="data:,"><h1>Shop</h1>';
    const answer = () => response.writeHead(200, { "content-type": "text/html" }).end(page);
    if (request.method !== "POST") return answer();
    this.callbacks.push(JSON.parse(body));
    if (this.#held) this.#waiting.push(answer);
    else answer();
  }

  async close() {
    this.letGo();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
