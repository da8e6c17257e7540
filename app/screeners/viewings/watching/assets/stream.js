// From playlists to pictures: hls.js where it runs, the browser's own HLS elsewhere.

const RENEW_AT = 0.6; // of the life of signed addresses

// Segments are fetched straight from the store, by addresses that are signed for a quarter of an
// hour: before they end, the list is fetched again, and the new ones are used.
class Lists {
  constructor() {
    this.known = new Map();
  }

  note(list, segment) {
    this.known.set(list, { at: performance.now(), life: lifeOf(segment), addresses: null });
  }

  async addressOf(fragment, anew = false) {
    const list = fragment.baseurl;
    if (!this.known.has(list)) this.note(list, fragment.url);
    let found = this.known.get(list);
    if (anew || performance.now() - found.at > found.life * RENEW_AT) found = await this.renew(list);
    return found.addresses?.[fragment.sn] ?? fragment.url;
  }

  async renew(list) {
    const answer = await fetch(list, { cache: "no-store" });
    if (!answer.ok) throw new Error(`no list: ${answer.status}`);
    const lines = (await answer.text()).split("\n").map((line) => line.trim());
    const addresses = lines.filter((line) => line && !line.startsWith("#"));
    const found = { at: performance.now(), life: lifeOf(addresses[0]), addresses };
    this.known.set(list, found);
    return found;
  }
}

function lifeOf(address) {
  const seconds = Number(new URL(address, location.href).searchParams.get("X-Amz-Expires"));
  return (seconds || 900) * 1000;
}

function renewing(Loader, lists) {
  return class extends Loader {
    async load(context, config, callbacks) {
      const refused = (error, ...rest) => {
        // The clock of the store, or of this computer, is not ours: ask once for new addresses.
        if (error.code === 403 && !context.renewed && !this.gone) {
          context.renewed = true;
          this.start(context, config, { ...callbacks, onError: callbacks.onError }, true);
        } else callbacks.onError(error, ...rest);
      };
      await this.start(context, config, { ...callbacks, onError: refused }, false);
    }

    async start(context, config, callbacks, anew) {
      try {
        context.url = await lists.addressOf(context.frag, anew);
      } catch (error) {
        if (!this.gone) callbacks.onError({ code: 0, text: error.message }, context, null, this.stats);
        return;
      }
      if (this.gone) return;
      if (anew) this.stats = Object.assign(new Loader(config).stats);
      super.load(context, config, callbacks);
    }

    abort() {
      this.gone = true;
      super.abort();
    }

    destroy() {
      this.gone = true;
      super.destroy();
    }
  };
}

export function play(video, viewing, position, told) {
  return window.Hls?.isSupported() ? byHls(video, viewing, position, told) : byBrowser(video, viewing, position, told);
}

function byHls(video, viewing, position, told) {
  const { Hls } = window;
  const { Events, ErrorTypes } = Hls;
  const lists = new Lists();
  const hls = new Hls({
    workerPath: "/watch/assets/hls.worker.js",
    startPosition: position,
    capLevelToPlayerSize: true,
    maxBufferLength: 30,
    backBufferLength: 60,
    subtitlePreference: undefined,
    fLoader: renewing(Hls.DefaultConfig.loader, lists),
  });
  let broken = 0;
  for (const event of [Events.LEVEL_LOADED, Events.AUDIO_TRACK_LOADED]) {
    hls.on(event, (_, { details }) => lists.note(details.url, details.fragments[0]?.url ?? details.url));
  }
  hls.on(Events.MANIFEST_PARSED, () => {
    hls.subtitleTrack = -1;
    hls.subtitleDisplay = true;
    told.ready();
  });
  hls.on(Events.LEVEL_SWITCHED, () => told.changed());
  hls.on(Events.SUBTITLE_TRACKS_UPDATED, () => told.changed());
  hls.on(Events.AUDIO_TRACKS_UPDATED, () => told.changed());
  hls.on(Events.FRAG_BUFFERED, () => {
    broken = 0;
    told.flowing();
  });
  hls.on(Events.ERROR, (_, data) => {
    const status = data.response?.code;
    if (status === 401 || status === 403 || status === 404) told.refused();
    if (!data.fatal) return;
    broken += 1;
    if (data.type === ErrorTypes.MEDIA_ERROR && broken < 4) hls.recoverMediaError();
    else if (data.type === ErrorTypes.NETWORK_ERROR || data.type === ErrorTypes.KEY_SYSTEM_ERROR) told.cut();
    else told.failed(data.details);
  });
  hls.loadSource(viewing.address("playlist.m3u8"));
  hls.attachMedia(video);
  return {
    levels: () => hls.levels.map(({ width, height }) => `${Math.min(width, height)}p`),
    level: () => (hls.autoLevelEnabled ? -1 : hls.loadLevel),
    seenLevel: () => hls.currentLevel,
    setLevel: (number) => (hls.nextLevel = number),
    sounds: () => hls.audioTracks.map(({ name }) => name),
    sound: () => hls.audioTrack,
    setSound: (number) => (hls.audioTrack = number),
    texts: () => hls.subtitleTracks.map(({ name }) => name),
    text: () => hls.subtitleTrack,
    setText: (number) => (hls.subtitleTrack = number),
    // What was given up is fetched again, from where one is.
    resume: () => (hls.levels.length ? hls.startLoad(video.currentTime || position) : hls.loadSource(viewing.address("playlist.m3u8"))),
    stop: () => hls.destroy(),
  };
}

function byBrowser(video, viewing, position, told) {
  // Its player reads lists once: segments are asked for at the API, which sends to the store.
  const start = () => {
    video.src = viewing.address("playlist.m3u8", "&native=true");
    video.load();
  };
  const shown = () => [...video.textTracks].findIndex((track) => track.mode === "showing");
  video.addEventListener("loadedmetadata", () => {
    if (position) video.currentTime = position;
    told.ready();
  });
  video.addEventListener("playing", () => told.flowing());
  video.addEventListener("error", () => {
    told.refused();
    told.cut();
  });
  start();
  return {
    levels: () => [],
    level: () => -1,
    seenLevel: () => -1,
    setLevel: () => {},
    sounds: () => [...(video.audioTracks ?? [])].map(({ label }) => label),
    sound: () => [...(video.audioTracks ?? [])].findIndex((track) => track.enabled),
    setSound: (number) => [...video.audioTracks].forEach((track, at) => (track.enabled = at === number)),
    texts: () => [...video.textTracks].map(({ label }) => label),
    text: shown,
    setText: (number) => [...video.textTracks].forEach((track, at) => (track.mode = at === number ? "showing" : "disabled")),
    resume: () => {
      position = video.currentTime || position;
      start();
    },
    stop: () => {},
  };
}
