// The live part of the pages: the same page is read again when something happens, and what changed in it is replaced.

const main = document.querySelector('main[data-world]');

/** Real seconds for which one question waits for a request. What changes without one is seen after it. */
const WAIT_SECONDS = 4;
const RETRY_MS = 2000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Replaces what differs, and gives the focus back to where it was. */
const replace = (fresh) => {
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next === null || next.innerHTML === part.dataset.source) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : '';
    part.dataset.source = next.innerHTML;
    part.innerHTML = next.innerHTML;
    if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
  }
  const after = fresh.querySelector('main')?.dataset.after;
  if (after !== undefined) main.dataset.after = after;
  readClock();
};

/** The clock goes on between two answers, by its rate. */
let clock;
const readClock = () => {
  const face = document.querySelector('[data-now]');
  clock = face === null ? undefined : { face, nowMs: Number(face.dataset.now), at: performance.now() };
};
const tick = () => {
  const rate = Number(clock?.face.dataset.rate ?? 0);
  if (rate > 0) {
    const iso = new Date(clock.nowMs + (performance.now() - clock.at) * rate).toISOString();
    clock.face.querySelector('.day').textContent = iso.slice(0, 10);
    clock.face.querySelector('.hour').textContent = iso.slice(11, 19);
  }
};

const follow = async () => {
  const line = document.querySelector('.live');
  const state = line.querySelector('[data-state]');
  const pause = line.querySelector('[data-pause]');
  let isPaused = false;
  const say = (text) => {
    if (state.textContent !== text) state.textContent = text;
  };
  line.hidden = false;
  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? 'Go on' : 'Pause';
    say(isPaused ? 'Paused' : 'Live');
  });
  for (const part of document.querySelectorAll('[data-live]')) part.dataset.source = part.innerHTML;
  const { world } = main.dataset;
  for (;;) {
    if (isPaused || document.hidden) {
      await sleep(250);
      continue;
    }
    try {
      const query = new URLSearchParams({ after: main.dataset.after, wait: WAIT_SECONDS, limit: 1 });
      const waited = await fetch(`/_sandbox/worlds/${world}/requests?${query}`);
      if (waited.status === 404) return say('This world is gone');
      const answer = await fetch(`/_sandbox/page/${world}`);
      if (!waited.ok || !answer.ok) throw new Error('refused');
      const text = await answer.text();
      if (isPaused) continue;
      replace(new DOMParser().parseFromString(text, 'text/html'));
      say('Live');
      // Requests under load come in bursts.
      await sleep(200);
    } catch {
      say('The sandbox does not answer');
      await sleep(RETRY_MS);
    }
  }
};

readClock();
setInterval(tick, 200);
if (main !== null) void follow();
