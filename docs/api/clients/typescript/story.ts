// A partner's program: brings a catalogue in, and keeps two mirrors, by the feed and by webhooks.
//
// Written as a partner writes it, with openapi-fetch on the generated types:
//
//   FILMMART_CLIENT_ID=… FILMMART_CLIENT_SECRET=fm_live_… \
//     node made/story.js http://127.0.0.1:8000 catalogue.ndjson
//
// The client needs the scopes imports:read, imports:write, exports:read, exports:write,
// operations:read, titles:read, titles:write, events:read and webhooks:write.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import createClient from "openapi-fetch";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { type Api, bringIn, ClientCredentials, listed, needed, type Schemas, takenOut } from "./market.js";
import type { paths } from "./schema.js";

type Fact = Schemas["FactOut"];
type Title = Pick<Schemas["TitleItem"], "original_title" | "kind" | "year">;
type TitleIn = Schemas["TitleIn"];

// What changes what others see of our titles
const TYPES = ["title.published", "title.updated", "title.withdrawn"];
// So many titles are read one by one; of more the whole catalogue is fetched as a file.
const FEW = 20;
const WAIT_SECONDS = 20;
// A webhook that failed comes again after 5 seconds, then after 5 minutes.
const PATIENCE_SECONDS = 600;

// A copy of our titles as the market has them, kept by the facts that are heard of.
class Mirror {
  readonly facts = new Set<string>();
  readonly titles = new Map<string, string>();
  private readonly changed = new Set<string>();

  // Note that a title changed; a fact that is known already says nothing new.
  hear(fact: Fact): void {
    if (!this.facts.has(fact.id)) {
      this.facts.add(fact.id);
      this.changed.add(fact.subject_id);
    }
  }

  // Read how the titles that changed are now: so the order of facts does not matter.
  async read(api: Api): Promise<void> {
    const changed = new Set(this.changed);
    this.changed.clear();
    const read = changed.size > FEW ? await takenOut(api) : await readEach(api, changed);
    for (const title of read.filter(({ id }) => changed.has(id))) {
      this.titles.set(title.id, lineOf(title, title.reference));
    }
  }
}

async function readEach(api: Api, ids: Iterable<string>): Promise<Schemas["TitleOut"][]> {
  const read = [];
  for (const title_id of ids) {
    const path = { title_id };
    read.push(needed(await api.GET("/v1/titles/{title_id}", { params: { path } })));
  }
  return read;
}

// Hear the feed to its end, and give where to go on; a real mirror keeps that with itself.
async function follow(api: Api, mirror: Mirror, after: number): Promise<number> {
  for (;;) {
    const query = { after: String(after), wait: WAIT_SECONDS, types: TYPES, limit: 1000 };
    const page = needed(await api.GET("/v1/events", { params: { query } }));
    page.items.forEach((fact) => mirror.hear(fact));
    after = page.next_after;
    if (!page.has_more) {
      return after;
    }
  }
}

// Where webhooks come in: at a port of this machine, behind TLS where it is no sandbox.
class Receiver {
  unverified = 0;
  private webhook: Webhook | undefined;
  private heardAt = Date.now();
  private readonly server: Server;

  constructor(private readonly mirror: Mirror) {
    this.server = createServer(async (request, response) => {
      response.writeHead(this.take(request, await bodyOf(request)) ? 204 : 400).end();
    });
  }

  // Take a port that is free, and give the address.
  async open(): Promise<string> {
    await new Promise<void>((opened) => this.server.listen(0, "127.0.0.1", opened));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  // Verify by this secret.
  trust(secret: string): void {
    this.webhook = new Webhook(secret);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  // Wait until every fact that is wanted has come.
  async hearAll(wanted: Set<string>): Promise<void> {
    while (![...wanted].every((id) => this.mirror.facts.has(id))) {
      if (Date.now() > this.heardAt + PATIENCE_SECONDS * 1000) {
        throw new Error("a webhook is missing");
      }
      await sleep(100);
    }
  }

  // Hear what is signed as it must be. Its `id` is the `webhook-id`, each time that it comes.
  private take(request: IncomingMessage, body: string): boolean {
    try {
      const event = this.webhook?.verify(body, request.headers as Record<string, string>);
      this.mirror.hear((event as { data: Fact }).data);
      this.heardAt = Date.now();
      return true;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) {
        throw error;
      }
      this.unverified += 1;
      return false;
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) {
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf-8");
}

// Write what a title is compared by.
function lineOf({ original_title, kind, year }: Title, reference: string | null | undefined): string {
  return `${reference}\t${original_title}\t${kind}\t${year ?? ""}`;
}

// Count titles and add them up, in whatever order they come.
function summed(lines: Iterable<string>) {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const digests = Array.from(lines, sha256).sort();
  return { count: digests.length, checksum: sha256(digests.join("")) };
}

// Sync a catalogue, rename a title, and tell what all sides have after each.
async function main(baseUrl: string, file: string): Promise<void> {
  const auth = new ClientCredentials(baseUrl);
  const api = createClient<paths>({ baseUrl, fetch: auth.fetch });
  const byFeed = new Mirror();
  const byWebhooks = new Mirror();
  const receiver = new Receiver(byWebhooks);

  const catalogue = readFileSync(file);
  const lines = catalogue.toString("utf-8").split("\n").filter((line) => line !== "");
  const sent = lines.map((line) => JSON.parse(line) as TitleIn);
  const latest = { params: { query: { after: "latest" } } };
  let after = needed(await api.GET("/v1/events", latest)).next_after;
  const body = { url: await receiver.open(), event_types: TYPES };
  const endpoint = needed(await api.POST("/v1/webhook-endpoints", { body }));
  receiver.trust(endpoint.secret);
  const report = await bringIn(api, catalogue);
  const references = new Map(report.map((line) => [line.id, line.reference]));

  // Bring both mirrors up to date, and add up what everybody has.
  async function compare() {
    after = await follow(api, byFeed, after);
    await receiver.hearAll(byFeed.facts);
    await byFeed.read(api);
    await byWebhooks.read(api);
    const items: string[] = [];
    for await (const item of listed(api)) {
      items.push(lineOf(item, references.get(item.id)));
    }
    return {
      sent: summed(sent.map((title) => lineOf(title as Title, title.reference))),
      listed: summed(items),
      by_feed: summed(byFeed.titles.values()),
      by_webhooks: summed(byWebhooks.titles.values()),
    };
  }

  // Put a title by our own reference, under another name.
  async function renameFirst(first: TitleIn): Promise<void> {
    first.original_title += " (restored)";
    const path = { reference: String(first.reference) };
    const renamed = { params: { path }, body: first };
    needed(await api.PUT("/v1/titles/by-reference/{reference}", renamed));
  }

  const synced = await compare();
  await renameFirst(sent[0]!);
  const renamed = await compare();
  const mine = { params: { path: { endpoint_id: endpoint.id } } };
  await api.DELETE("/v1/webhook-endpoints/{endpoint_id}", mine);
  receiver.close();
  const facts = { feed: byFeed.facts.size, webhooks: byWebhooks.facts.size };
  const remarks = report.filter((line) => line.problems.length > 0).length;
  const { unverified } = receiver;
  const { tokens } = auth;
  console.log(JSON.stringify({ synced, renamed, remarks, facts, unverified, tokens }));
}

await main(process.argv[2]!, process.argv[3]!);
