// Plays the film that the address names, as long as its viewing holds.

import { Beats } from "./beats.js";
import { Controls } from "./controls.js";
import { play } from "./stream.js";
import { Over, open, pause } from "./viewing.js";
import { Watermark } from "./watermark.js";

const $ = (id) => document.getElementById(id);
const [frame, video] = [$("frame"), $("video")];
const TITLES = {
  revoked: "Leave to watch was taken back",
  withdrawn: "This film was withdrawn",
  expired: "The time to watch is over",
  tampered: "Playback has stopped",
  failed: "The film can't be played",
  replaced: "This viewing is no longer known",
};
const NEAR_THE_END = 15;
let stream = null;
let watermark = null;
let beats = null;
let isOver = false;

function end(error) {
  if (isOver) return;
  isOver = true;
  frame.dataset.state = "over";
  video.pause();
  stream?.stop();
  watermark?.stop();
  if (error.reason !== "tampered") beats?.stop();
  video.removeAttribute("src");
  video.load();
  $("note").textContent = "";
  $("over-title").textContent = TITLES[error.reason] ?? "This film can't be watched now";
  $("over-words").textContent = error.message;
  $("over").hidden = false;
  $("again").hidden = ["revoked", "withdrawn", "expired", "no_token", "no_link"].includes(error.reason);
  $("again").focus();
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
}

function tampered(detail) {
  beats.tampered(detail);
  end(new Over("tampered", "The watermark must be seen as long as the film plays. The seller is told."));
}

async function opened() {
  for (let go = 0; ; go += 1) {
    try {
      return await open();
    } catch (error) {
      if (error.reason) throw error;
      $("note").textContent = "The server does not answer. Trying again …";
      await pause(Math.max((error.seconds ?? 0) * 1000, Math.min(8000, 1000 * 2 ** go)));
    }
  }
}

async function main() {
  const [viewing, playback] = await opened();
  $("note").textContent = "";
  const left = playback.duration_seconds - playback.position_seconds;
  if (left < NEAR_THE_END) playback.position_seconds = 0;
  if (playback.poster_url) video.poster = playback.poster_url;
  beats = new Beats(video, viewing, end);
  watermark = new Watermark(frame, viewing, tampered, end);
  await drawn(playback.watermark.refresh_seconds);
  if (isOver) return;
  const controls = new Controls(frame, video, playback);
  let cut = false;

  async function lookAgain() {
    // Something was refused: is it over, or was it the network?
    await viewing.get("playback").catch((error) => error.reason && end(error));
  }

  function flowing() {
    if (!navigator.onLine) return;
    cut = false;
    $("note").textContent = "";
  }

  async function reconnect() {
    if (cut || isOver) return;
    cut = true;
    for (let go = 0; cut && !isOver; go += 1) {
      $("note").textContent = "The connection was lost. It goes on as soon as it is back.";
      await Promise.race([pause(Math.min(5000, 1000 * 2 ** go)), new Promise((back) => addEventListener("online", back, { once: true }))]);
      try {
        await viewing.get("playback");
        stream.resume();
        await pause(4000);
        if (video.readyState >= 3) flowing();
      } catch (error) {
        if (error.reason) end(error);
      }
    }
  }

  stream = play(video, viewing, playback.position_seconds, {
    ready() {
      if (frame.dataset.state === "loading") frame.dataset.state = "ready";
      controls.choices();
      controls.show();
      video.play().catch(() => controls.show());
    },
    changed: () => controls.choices(),
    flowing,
    refused: lookAgain,
    cut: reconnect,
    failed: (details) => end(new Over("failed", `This browser can't go on with it (${details}).`)),
  });
  controls.attach(stream);
  addEventListener("offline", reconnect);
  video.addEventListener("enterpictureinpicture", () => tampered("picture_taken_out"));
  video.addEventListener("webkitbeginfullscreen", () => tampered("picture_taken_out"));
}

async function drawn(seconds) {
  for (let go = 0; ; go += 1) {
    try {
      return await watermark.start(seconds);
    } catch (error) {
      if (error.reason) throw error;
      await pause(Math.min(8000, 1000 * 2 ** go));
    }
  }
}

$("again").addEventListener("click", () => location.reload());
addEventListener("hashchange", () => location.reload());
main().catch((error) => end(error.reason ? error : new Over("failed", error.message)));
