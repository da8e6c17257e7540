// The market as a partner's program sees it: signing in, bringing titles in, taking them out.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Api = Client<paths>;
export type Schemas = components["schemas"];
type Operation = Schemas["OperationOut"];
type ReportLine = { id: string; reference: string; outcome: string; problems: unknown[] };

// Give an answer that is as it should be, or throw what the market says.
export function needed<T>(answer: { data?: T; error?: Schemas["Problem"] }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.error?.code}: ${answer.error?.detail}`);
  }
  return answer.data;
}

// Signs requests with an access token; when that is good no more, asks for the next one.
export class ClientCredentials {
  tokens = 0;
  private token: string | undefined;
  private readonly anonymous: Api;

  constructor(baseUrl: string) {
    this.anonymous = createClient<paths>({ baseUrl });
  }

  // Send a request, again with a new token where the one of before has expired.
  fetch = async (request: Request): Promise<Response> => {
    for (let attempt = 1; ; attempt++) {
      this.token ??= await this.nextToken();
      const signed = request.clone();
      signed.headers.set("Authorization", `Bearer ${this.token}`);
      const answer = await fetch(signed);
      if (answer.status !== 401 || attempt === 5) {
        return answer;
      }
      this.token = undefined;
    }
  };

  private async nextToken(): Promise<string> {
    const { FILMMART_CLIENT_ID: client_id, FILMMART_CLIENT_SECRET: client_secret } = process.env;
    this.tokens += 1;
    const answer = await this.anonymous.POST("/v1/oauth/token", {
      body: { grant_type: "client_credentials", client_id, client_secret },
      bodySerializer: (body) => new URLSearchParams(body as Record<string, string>),
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    return needed(answer).access_token;
  }
}

// Wait until long work has ended well.
async function ended(api: Api, operation: Operation): Promise<Operation> {
  const path = { operation_id: operation.id };
  while (operation.ended_at === null) {
    await sleep(250);
    operation = needed(await api.GET("/v1/operations/{operation_id}", { params: { path } }));
  }
  if (operation.state !== "succeeded") {
    throw new Error(`${operation.kind} ${operation.state}: ${JSON.stringify(operation.problem)}`);
  }
  return operation;
}

// Fetch a file from the store, line by line; its URL is its own leave to read it.
async function linesOf<T>(file: Schemas["FileOut"]): Promise<T[]> {
  const answer = await fetch(file.url);
  if (!answer.ok) {
    throw new Error(`the store answers ${answer.status}`);
  }
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as T);
}

// Import titles and publish them; give the report of what became of each.
// The same again changes nothing: titles are known by their references.
export async function bringIn(api: Api, catalogue: Buffer): Promise<ReportLine[]> {
  const md5 = createHash("md5").update(catalogue).digest("hex");
  const sized: Schemas["ImportUploadIn"] = { format: "ndjson", size_bytes: catalogue.length, md5 };
  const upload = needed(await api.POST("/v1/import-uploads", { body: sized }));
  const put = { method: "PUT", body: new Uint8Array(catalogue), headers: upload.headers };
  const sent = await fetch(upload.url, put);
  if (!sent.ok) {
    throw new Error(`the store answers ${sent.status}`);
  }
  const wanted: Schemas["ImportIn"] = { of: "titles", file_id: upload.file_id, publish: true };
  const begun = needed(await api.POST("/v1/imports", { body: wanted }));
  const path = { operation_id: (await ended(api, begun)).id };
  const file = needed(await api.GET("/v1/imports/{operation_id}/report", { params: { path } }));
  const report = await linesOf<ReportLine>(file);
  const refused = report.filter((line) => line.outcome === "refused");
  if (refused.length > 0) {
    throw new Error(JSON.stringify(refused));
  }
  return report;
}

// Export our titles, each as `GET /v1/titles/{title_id}` shows it.
export async function takenOut(api: Api): Promise<Schemas["TitleOut"][]> {
  const body: Schemas["ExportIn"] = { of: "titles", titles: { mine: true } };
  const begun = needed(await api.POST("/v1/exports", { body }));
  const path = { operation_id: (await ended(api, begun)).id };
  return linesOf(needed(await api.GET("/v1/exports/{operation_id}/file", { params: { path } })));
}

// Follow the list of our titles to its end.
export async function* listed(api: Api): AsyncGenerator<Schemas["TitleItem"]> {
  let cursor: string | null | undefined;
  do {
    const query = { mine: true, limit: 100, ...(cursor ? { cursor } : {}) };
    const page = needed(await api.GET("/v1/titles", { params: { query } }));
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor);
}
