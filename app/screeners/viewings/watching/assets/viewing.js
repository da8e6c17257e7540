// The viewing: what it is told by the API, and what it tells.

export class Over extends Error {
  // The viewing is over; nothing that is tried again helps.
  constructor(reason, words) {
    super(words);
    this.reason = reason;
  }
}

const LOST = new Over(
  "replaced",
  "It was opened in another window or on another device, or its address is not whole.",
);

export class Viewing {
  constructor(id, token) {
    this.id = id;
    this.token = token;
  }

  address(what, query = "") {
    return `/v1/viewings/${this.id}/${what}?token=${encodeURIComponent(this.token)}${query}`;
  }

  async get(what) {
    return answered(await fetch(this.address(what), { cache: "no-store" }));
  }

  async post(what, body, options = {}) {
    return answered(await send(this.address(what), body, options));
  }
}

export async function open() {
  // The address says which: /watch/{viewing}#{token}, or /watch/link#{the link's token}.
  const token = decodeURIComponent(location.hash.slice(1));
  const which = location.pathname.split("/").pop();
  if (!token) throw new Over("no_token", "This address is not whole: its last part, behind the #, is missing.");
  if (which !== "link") {
    const viewing = new Viewing(which, token);
    return [viewing, await (await viewing.get("playback")).json()];
  }
  const answer = await answered(await send("/v1/screener-links/playback", { token }), "link");
  const playback = await answer.json();
  return [new Viewing(playback.viewing_id, playback.token), playback];
}

function send(address, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return fetch(address, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

async function answered(answer, noun = "viewing") {
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  if (problem.code === "viewing_over") throw new Over(problem.reason, problem.detail);
  if (answer.status === 403) throw new Over(problem.code, problem.detail);
  if (problem.code === "not_found" || answer.status === 401) {
    throw noun === "link" ? new Over("no_link", "This link has ended, or was taken back.") : LOST;
  }
  const error = new Error(problem.detail || `The server answered ${answer.status}.`);
  error.status = answer.status;
  error.seconds = Number(answer.headers.get("Retry-After")) || 0;
  throw error;
}

export function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
