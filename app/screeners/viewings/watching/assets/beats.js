// What was watched, told every five seconds; what could not be told is told again.

import { pause } from "./viewing.js";

const EVERY = 5_000;
const MOST = 100;
const JUMP = 1.5; // seconds of film between two looks: more is no playing

export class Beats {
  constructor(video, viewing, over) {
    Object.assign(this, { video, viewing, over });
    this.waiting = [];
    this.sent = null;
    this.sequence = Date.now();
    this.from = null;
    this.last = 0;
    for (const [name, act] of [
      ["timeupdate", () => this.goOn()],
      ["seeking", () => this.seek()],
      ["pause", () => this.rest()],
      ["ended", () => this.rest()],
    ]) video.addEventListener(name, act);
    this.timer = setInterval(() => this.tell(), EVERY);
    addEventListener("pagehide", () => this.tell({ keepalive: true }));
  }

  stop() {
    clearInterval(this.timer);
  }

  goOn() {
    if (this.video.paused || this.video.seeking) return;
    const now = this.video.currentTime;
    if (this.from === null || now < this.last || now - this.last > JUMP * this.video.playbackRate) {
      this.close();
      this.from = now;
    }
    this.last = now;
  }

  seek() {
    const to = this.video.currentTime;
    const from = this.last;
    this.close();
    this.last = to;
    if (Math.abs(to - from) < 0.3) return;
    const before = this.waiting.at(-1);
    // Dragging is one way, from where it began to where it ended.
    if (before?.kind === "sought" && before.to_ms === ms(from)) before.to_ms = ms(to);
    else this.note({ kind: "sought", from_ms: ms(from), to_ms: ms(to) });
  }

  rest() {
    this.close();
    this.note({ kind: "paused", at_ms: ms(this.video.currentTime) });
  }

  close() {
    // Ends the stretch that is being watched.
    if (this.from !== null && ms(this.last) > ms(this.from)) {
      this.note({ kind: "watched", from_ms: ms(this.from), to_ms: ms(this.last) });
    }
    this.from = null;
  }

  note(beat) {
    this.waiting.push(beat);
  }

  async tampered(detail) {
    this.close();
    this.note({ kind: "tampered", at_ms: ms(this.video.currentTime), detail });
    for (let go = 0; go < 5 && this.waiting.length; go += 1) {
      await this.tell();
      if (this.waiting.length) await pause(1000);
    }
  }

  async tell(options = {}) {
    if (this.telling && !options.keepalive) return;
    this.telling = true;
    try {
      if (this.from !== null) {
        const from = this.last;
        this.close();
        this.from = from;
      }
      // One that was not acknowledged goes again as it was: by its number it counts once.
      this.sent ??= { sequence: (this.sequence += 1), count: Math.min(this.waiting.length, MOST) };
      const { sequence, count } = this.sent;
      const body = { sequence, beats: this.waiting.slice(0, count), position_ms: ms(this.video.currentTime) };
      await this.viewing.post("heartbeats", body, options);
      this.waiting.splice(0, count);
      this.sent = null;
    } catch (error) {
      if (error.reason) this.over(error);
      // What can't be taken will not be taken later.
      else if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        this.waiting.splice(0, this.sent?.count ?? 0);
        this.sent = null;
      }
    } finally {
      this.telling = false;
    }
  }
}

function ms(seconds) {
  return Math.max(0, Math.round(seconds * 1000));
}
