// Contestants that ask over HTTP: `http.mjs NAME URL AT_ONCE`.
import { argv } from "node:process";
import { serve } from "./serve.mjs";

const TOKEN = "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a";
const PATH = "/v1/payment/verify";
const QUESTION = { token: TOKEN };
const EXPECTED = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };
const API_KEY = "an-api-key";
const HEADERS = { "Api-Key": API_KEY, Accept: "application/json" };
const JSON_HEADERS = { ...HEADERS, "Content-Type": "application/json" };
// paymento always has limits, so its peers get one as well.
const TIMEOUT_MS = 20_000;

async function paymento(url) {
  const { Client } = await import("paymento");
  const client = new Client(API_KEY, { baseUrl: url });
  const ask = async () => (await client.verifyPayment(TOKEN, EXPECTED)).isSettled;
  if (!(await ask())) throw new Error("the payment is settled, and paymento does not say so");
  return ask;
}

async function undici(url) {
  const { request } = await import("undici");
  const limits = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
  return checked(async () => {
    const options = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(QUESTION), ...limits };
    const { body } = await request(url + PATH, options);
    return body.json();
  });
}

async function axios(url) {
  const { default: axios } = await import("axios");
  const client = axios.create({ baseURL: url, headers: HEADERS, timeout: TIMEOUT_MS });
  return checked(async () => (await client.post(PATH, QUESTION)).data);
}

async function globalFetch(url) {
  return checked(async () => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const options = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(QUESTION), signal };
    return (await fetch(url + PATH, options)).json();
  });
}

async function checked(ask) {
  const answer = await ask();
  if (answer.success !== true || answer.body.token !== TOKEN) {
    throw new Error("the server's answer is not what was asked for");
  }
  return ask;
}

async function repeat(ask, calls) {
  for (let i = 0; i < calls; i++) await ask();
}

const [name, url, atOnce] = [argv[2], argv[3], Number(argv[4])];
const ask = await { paymento, undici, axios, fetch: globalFetch }[name](url);
await serve(
  (calls) => Promise.all(Array.from({ length: atOnce }, () => repeat(ask, Math.floor(calls / atOnce)))),
  Math.max(20, atOnce),
);
