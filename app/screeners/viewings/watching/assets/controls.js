// What a viewer lays hand on: buttons, the bar, keys.

const IDLE_AFTER = 3_000;
const $ = (id) => document.getElementById(id);

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export class Controls {
  constructor(frame, video, playback) {
    Object.assign(this, { frame, video, playback });
    this.length = playback.duration_seconds;
    this.at = playback.position_seconds;
    $("title").textContent = playback.title;
    document.title = playback.title;
    $("length").textContent = clock(this.length);
    $("seek").max = this.length;
    this.until(playback.expires_at);
    this.buttons();
    this.bar();
    this.keys();
    this.idle();
    this.show();
  }

  until(at) {
    const time = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    $("until").textContent = `Open until ${time}`;
  }

  attach(stream) {
    this.stream = stream;
  }

  buttons() {
    const { video } = this;
    const on = (id, act) => $(id).addEventListener("click", act);
    on("play", () => this.toggle());
    on("start", () => this.toggle());
    on("back", () => this.jump(-10));
    on("mute", () => (video.muted = !video.muted));
    on("full", () => this.full());
    video.addEventListener("click", () => this.toggle());
    video.addEventListener("dblclick", () => this.full());
    $("volume").addEventListener("input", (event) => {
      video.volume = Number(event.target.value);
      video.muted = video.volume === 0;
    });
    for (const [id, name] of [["levels", "setLevel"], ["sounds", "setSound"], ["texts", "setText"]]) {
      $(id).addEventListener("change", (event) => this.stream?.[name](Number(event.target.value)));
    }
    for (const name of ["play", "pause", "timeupdate", "volumechange", "progress", "durationchange", "waiting", "playing", "seeking", "seeked", "ended", "canplay"]) {
      video.addEventListener(name, () => this.show());
    }
    for (const name of ["contextmenu", "dragstart"]) this.frame.addEventListener(name, (event) => event.preventDefault());
  }

  bar() {
    const seek = $("seek");
    seek.addEventListener("input", () => {
      this.dragged = true;
      this.go(Number(seek.value));
    });
    seek.addEventListener("change", () => (this.dragged = false));
    seek.addEventListener("pointermove", (event) => {
      const box = seek.getBoundingClientRect();
      this.peek(((event.clientX - box.left) / box.width) * this.length, box);
    });
    seek.addEventListener("pointerleave", () => ($("peek").hidden = true));
  }

  peek(seconds, box) {
    const at = Math.min(this.length, Math.max(0, seconds));
    const tiles = this.playback.thumbnails;
    $("peek").hidden = false;
    $("peek-time").textContent = clock(at);
    $("tile").hidden = !tiles;
    let width = 60;
    if (tiles) {
      const number = Math.min(tiles.count - 1, Math.floor((at * 1000) / tiles.interval_ms));
      const { style } = $("tile");
      width = tiles.tile_width;
      style.width = `${tiles.tile_width}px`;
      style.height = `${tiles.tile_height}px`;
      style.backgroundImage = `url("${tiles.url}")`;
      style.backgroundPosition = `-${(number % tiles.columns) * tiles.tile_width}px -${Math.floor(number / tiles.columns) * tiles.tile_height}px`;
    }
    const place = (at / this.length) * box.width;
    $("peek").style.left = `${Math.min(box.width - width / 2, Math.max(width / 2, place))}px`;
  }

  keys() {
    const { video } = this;
    const acts = {
      " ": () => this.toggle(), k: () => this.toggle(), f: () => this.full(), m: () => (video.muted = !video.muted),
      ArrowLeft: () => this.jump(-5), ArrowRight: () => this.jump(5), j: () => this.jump(-10), l: () => this.jump(10),
      ArrowUp: () => this.louder(0.1), ArrowDown: () => this.louder(-0.1),
      Home: () => this.go(0), End: () => this.go(this.length - 1), c: () => this.nextText(),
    };
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
      if (event.key === " " && event.target.matches("button")) return;
      if (event.key.startsWith("Arrow") && event.target.matches(".volume")) return;
      const number = /^[0-9]$/.test(event.key) ? Number(event.key) : null;
      const act = number === null ? acts[event.key] : () => this.go((this.length * number) / 10);
      if (!act) return;
      event.preventDefault();
      this.wake();
      act();
    });
  }

  idle() {
    for (const name of ["pointermove", "pointerdown", "focusin", "keydown"]) this.frame.addEventListener(name, () => this.wake());
    this.video.addEventListener("play", () => this.wake());
    this.video.addEventListener("pause", () => this.wake());
  }

  wake() {
    this.frame.dataset.idle = "false";
    clearTimeout(this.sleep);
    this.sleep = setTimeout(() => {
      const busy = this.frame.querySelector(".bar :focus-visible, .bar :hover");
      if (!this.video.paused && !busy) this.frame.dataset.idle = "true";
    }, IDLE_AFTER);
  }

  async toggle() {
    if (this.frame.dataset.state === "over") return;
    if (this.video.paused) await this.video.play().catch(() => {});
    else this.video.pause();
  }

  go(seconds) {
    this.at = Math.min(Math.max(0, this.length - 0.2), Math.max(0, seconds));
    this.video.currentTime = this.at;
    this.show();
  }

  jump(seconds) {
    this.go(this.video.currentTime + seconds);
  }

  louder(by) {
    this.video.volume = Math.min(1, Math.max(0, this.video.volume + by));
    this.video.muted = this.video.volume === 0;
  }

  nextText() {
    const count = this.stream?.texts().length ?? 0;
    if (count) this.stream.setText(this.stream.text() + 1 >= count ? -1 : this.stream.text() + 1);
    this.choices();
  }

  async full() {
    // The frame, never the video: the watermark goes with it.
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.frame.requestFullscreen?.().catch(() => {});
  }

  choices() {
    const { stream } = this;
    const auto = stream.level() < 0 && stream.levels()[stream.seenLevel()];
    fill("levels", stream.levels(), stream.level(), 2, auto ? `Auto (${auto})` : "Auto");
    fill("sounds", stream.sounds(), stream.sound(), 2);
    fill("texts", stream.texts(), stream.text(), 1, "Off");
  }

  show() {
    const { video, frame } = this;
    const seconds = video.readyState ? video.currentTime : this.at;
    const ended = video.buffered.length ? video.buffered.end(video.buffered.length - 1) : 0;
    frame.dataset.playing = String(!video.paused);
    $("now").textContent = clock(seconds);
    if (!this.dragged) $("seek").value = seconds;
    $("seek").setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(this.length)}`);
    $("done").style.transform = `scaleX(${this.length ? seconds / this.length : 0})`;
    $("loaded").style.transform = `scaleX(${this.length ? ended / this.length : 0})`;
    $("play").setAttribute("aria-label", video.paused ? "Play" : "Pause");
    $("mute").setAttribute("aria-pressed", String(video.muted));
    $("volume").value = video.muted ? 0 : video.volume;
    $("start").hidden = !video.paused || seconds > this.playback.position_seconds + 1 || frame.dataset.state !== "ready";
    if (frame.dataset.state === "over" || frame.dataset.state === "loading") return;
    frame.dataset.state = !video.paused && video.readyState < 3 ? "waiting" : "ready";
  }
}

function fill(id, names, chosen, least, first) {
  const select = $(id);
  $(`${id}-choice`).hidden = names.length < least;
  const options = names.map((name, at) => [String(at), name]);
  if (first !== undefined) options.unshift(["-1", first]);
  if (id === "levels") options.splice(1, Infinity, ...options.slice(1).reverse());
  const written = JSON.stringify(options);
  if (select.dataset.written !== written) {
    select.replaceChildren(...options.map(([value, name]) => Object.assign(new Option(name, value), { dir: "auto" })));
    select.dataset.written = written;
  }
  select.value = String(chosen);
}
