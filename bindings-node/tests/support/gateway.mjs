// A gateway that answers as a test wants.

import { once } from "node:events";
import { createServer } from "node:http";

/** Listens until the test ends; `answer(request, response)`. */
export async function gateway(t, answer) {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, server };
}

/** A gateway that takes requests and never answers; `asked()` is resolved at the next request. */
export async function silentGateway(t) {
  const { url, server } = await gateway(t, () => {});
  return { url, asked: () => once(server, "request"), server };
}

export function answerJson(response, body, status = 200, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The whole body of a request. */
export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
