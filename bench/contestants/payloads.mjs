// Bodies of an exact size, each of the kind that its contestant expects.

export const SECRET = "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=";

/** A callback of the gateway. */
export function callback(size) {
  return padded(
    '{"Token":"7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a","PaymentId":20417,"OrderId":"A-578","OrderStatus":7,' +
      '"AdditionalData":[{"key":"note","value":"%s"}]}',
    size,
  );
}

/** An event of Stripe's, with as many fields as the callback has. */
export function stripeEvent(size) {
  return padded(
    '{"id":"evt_1QbWZm2eZvKYlo2C","object":"event","type":"payment_intent.succeeded","created":1767225600,' +
      '"data":{"object":{"id":"pi_3QbWZm2eZv","note":"%s"}}}',
    size,
  );
}

/** The same with one other character, still JSON. */
export function tampered(body) {
  return Buffer.from(body.toString().replace("xx", "xy"));
}

function padded(template, size) {
  const body = Buffer.from(template.replace("%s", "x".repeat(size - template.length + "%s".length)));
  if (body.length !== size) throw new Error(`the template does not fit into ${size} bytes`);
  JSON.parse(body);
  return body;
}
