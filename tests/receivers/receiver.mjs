// A receiver that does everything right, on Node's standard library alone: it answers each text that it gets.
// Settings: GRAPH_URL WHATSAPP_TOKEN APP_SECRET VERIFY_TOKEN PORT (0: any free one), as `localwaba serve` prints them.

import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";

const graph = process.env.GRAPH_URL ?? "";
const token = process.env.WHATSAPP_TOKEN ?? "";
const secret = process.env.APP_SECRET ?? "check-secret";
const verifyToken = process.env.VERIFY_TOKEN ?? "check-token";
const ranks = new Map([["sent", 1], ["delivered", 2], ["read", 3], ["played", 4], ["failed", 5]]);
const seen = new Set();
const statuses = new Map();
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

const equal = (a, b) => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

// The challenge, as it came (a string, never a number), to whoever knows the token.
function verify(query) {
  const knows = equal(query.get("hub.verify_token") ?? "", verifyToken);
  if (query.get("hub.mode") !== "subscribe" || !knows) return [403, "wrong verify token"];
  return [200, query.get("hub.challenge") ?? ""];
}

// The signature covers the bytes as they came: check before parsing, never re-serialise.
function receive(raw, headers) {
  const expected = "sha256=" + createHmac("sha256", secret).update(raw).digest("hex");
  if (!equal(headers["x-hub-signature-256"] ?? "", expected)) return [401, "wrong signature"];
  for (const entry of JSON.parse(raw.toString("utf8")).entry ?? []) {
    for (const change of entry.changes ?? []) {
      if (change.field !== "messages") continue;
      for (const message of change.value.messages ?? []) take(message, change.value);
      for (const status of change.value.statuses ?? []) follow(status);
    }
  }
  return [200, ""];
}

// Each text once, and after the answer has left; what comes from a group is not for us.
function take(message, value) {
  if (message.type !== "text" || message.group_id || seen.has(message.id)) return;
  seen.add(message.id);
  const contact = (value.contacts ?? []).find(
    (one) => (one.wa_id && one.wa_id === message.from) || (one.user_id && one.user_id === message.from_user_id),
  );
  const body = `Hello ${contact?.profile?.name ?? "there"}, you wrote: ${message.text?.body ?? ""}`;
  setImmediate(() => send(message, value.metadata.phone_number_id, body.slice(0, 1000)));
}

// A status moves a message forward, never back.
function follow(status) {
  if ((ranks.get(status.status) ?? 0) > (ranks.get(statuses.get(status.id)) ?? 0)) statuses.set(status.id, status.status);
}

function send(message, numberId, body) {
  if (!graph) return;
  const to = message.from ? { to: message.from } : { recipient: message.from_user_id };
  const content = JSON.stringify({ messaging_product: "whatsapp", ...to, type: "text", text: { body } });
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(content),
  };
  const request = http.request(new URL(`/v23.0/${numberId}/messages`, graph), { method: "POST", headers, agent });
  request.on("response", (response) => response.resume());
  request.on("error", (error) => console.error(`send: ${error.message}`));
  request.end(content);
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const url = new URL(request.url, "http://127.0.0.1");
    let [status, text] = [404, ""];
    try {
      if (url.pathname.startsWith("/status/")) {
        const id = decodeURIComponent(url.pathname.slice("/status/".length));
        [status, text] = [200, JSON.stringify({ id, status: statuses.get(id) ?? null })];
      } else if (url.pathname === "/webhook") {
        if (request.method === "GET") [status, text] = verify(url.searchParams);
        else if (request.method === "POST") [status, text] = receive(Buffer.concat(parts), request.headers);
        else status = 405;
      }
    } catch (error) {
      [status, text] = [500, error.message];
    }
    response.writeHead(status, { "content-type": "text/plain" });
    response.end(text);
  });
});
server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => {
  console.log(`correct listens at http://127.0.0.1:${server.address().port}/webhook`);
});
