// The watermark over the picture: who watches, drawn anew each minute; and the eye on it.

const MOVED_EVERY = 17_000;
const LOOKED_AT_EVERY = 700;

export class Watermark {
  constructor(frame, viewing, tampered, over) {
    Object.assign(this, { frame, viewing, tampered, over });
    this.video = frame.querySelector("#video");
    this.marks = frame.querySelector("#marks");
    this.tiles = frame.querySelector("#tiles");
    this.rover = frame.querySelector("#rover");
    this.written = new Map();
    this.timers = [];
  }

  async start(seconds) {
    await this.draw();
    this.move();
    this.observer = new MutationObserver((records) => this.look(records));
    this.observer.observe(document.documentElement, { subtree: true, childList: true, attributes: true });
    this.timers = [
      setInterval(() => this.draw().catch((error) => error.reason && this.over(error)), seconds * 1000),
      setInterval(() => this.move(), MOVED_EVERY),
      setInterval(() => this.look(), LOOKED_AT_EVERY),
    ];
  }

  stop() {
    this.observer?.disconnect();
    this.timers.forEach(clearInterval);
  }

  async draw() {
    const answer = await this.viewing.get("watermark.svg");
    const drawn = URL.createObjectURL(await answer.blob());
    await this.load(drawn);
    this.write(() => {
      this.tiles.style.backgroundImage = `url("${drawn}")`;
      this.rover.src = drawn;
    });
    await this.rover.decode().catch(() => {});
    if (this.drawn) URL.revokeObjectURL(this.drawn);
    this.drawn = drawn;
  }

  load(address) {
    const image = new Image();
    image.src = address;
    return image.decode();
  }

  move() {
    // Somewhere else each time, and never in the middle of a face for long.
    this.write(() => {
      this.rover.style.left = `${4 + Math.random() * 64}%`;
      this.rover.style.top = `${8 + Math.random() * 66}%`;
    });
  }

  write(change) {
    if (this.observer) this.look(this.observer.takeRecords());
    change();
    this.observer?.takeRecords();
    for (const part of [this.marks, this.tiles, this.rover]) this.written.set(part, part.outerHTML.replace(/>.*/s, ">"));
  }

  look(records = []) {
    const why = this.wrong(records);
    if (why && !this.told) {
      this.told = true;
      this.stop();
      this.tampered(why);
    }
  }

  wrong(records) {
    const parts = [this.marks, this.tiles, this.rover];
    if (parts.some((part) => !part.isConnected)) return "watermark_removed";
    if (this.marks.parentNode !== this.frame || this.video.parentNode !== this.frame) return "player_taken_apart";
    for (const part of parts) {
      if (this.written.get(part) !== part.outerHTML.replace(/>.*/s, ">")) return "watermark_changed";
    }
    if (records.some(({ target }) => parts.includes(target))) return "watermark_changed";
    if (document.pictureInPictureElement || (document.fullscreenElement && !document.fullscreenElement.contains(this.frame))) {
      return "picture_taken_out";
    }
    return document.visibilityState === "visible" ? this.hidden() : null;
  }

  hidden() {
    for (let part = this.rover; part && part !== document.documentElement; part = part.parentElement) {
      const style = getComputedStyle(part);
      const least = part === this.rover ? 0.35 : 0.99;
      if (style.display === "none" || style.visibility !== "visible" || Number(style.opacity) < least) return "watermark_hidden";
      if (style.filter !== "none" || style.clipPath !== "none" || style.maskImage.includes("url")) return "watermark_hidden";
    }
    const tiles = getComputedStyle(this.tiles);
    if (tiles.display === "none" || tiles.visibility !== "visible" || Number(tiles.opacity) < 0.08) return "watermark_hidden";
    const [mark, picture] = [this.rover, this.video].map((part) => part.getBoundingClientRect());
    if (mark.width < 100 || mark.height < 20) return "watermark_hidden";
    if (mark.right < picture.left || mark.left > picture.right || mark.bottom < picture.top || mark.top > picture.bottom) {
      return "watermark_moved_away";
    }
    const [over, under] = [this.marks, this.video].map((part) => Number(getComputedStyle(part).zIndex) || 0);
    return over > under ? null : "watermark_covered";
  }
}
