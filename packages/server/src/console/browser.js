// What the console does better with a script. Every page but the live one works without it.

const { lang } = document.documentElement;

/** Writes every moment in the operator's time zone. The server, which does not know it, has written UTC. */
const format = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' });
const exactly = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'medium' });
for (const time of document.querySelectorAll('time:not([data-keep])')) {
  time.title = time.textContent.trim();
  time.textContent = (time.dataset.seconds === undefined ? format : exactly).format(new Date(time.dateTime));
}

const zone = document.getElementById('zone');
if (zone !== null) zone.textContent = format.resolvedOptions().timeZone;

/** Copies a secret that is shown once. */
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', () => {
    const text = document.getElementById(button.dataset.copy).textContent.trim();
    void navigator.clipboard.writeText(text).then(() => (button.textContent = button.dataset.copied));
  });
}

/** An element with a text. */
const part = (tag, className, text) => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

/** The live list: newest first, at most 200 lines. */
const list = document.getElementById('live');
if (list !== null) {
  const clock = new Intl.DateTimeFormat(lang, { timeStyle: 'medium' });
  const pause = document.getElementById('pause');
  const waiting = document.getElementById('waiting');
  const source = new EventSource(list.dataset.address);
  let isPaused = false;
  let label = pause.dataset.resume;
  pause.hidden = false;
  waiting.hidden = false;
  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    [label, pause.textContent] = [pause.textContent, label];
  });
  // Not a pause of the network, after which the browser tries again: the answer was a refusal.
  source.addEventListener('error', () => {
    if (source.readyState !== EventSource.CLOSED) return;
    waiting.textContent = list.dataset.ended;
    waiting.className = 'notice bad';
    waiting.hidden = false;
  });
  source.addEventListener('message', ({ data }) => {
    if (isPaused) return;
    const { at, event, grantId, clientId, reason, cause, looksLike, generation } = JSON.parse(data);
    const row = document.createElement('li');
    const kind = /replayed|refused|failed|error|unavailable|given_up/.test(event) ? 'bad' : 'good';
    const said = [reason ?? cause ?? looksLike, generation === undefined ? undefined : `#${generation}`];
    row.append(
      part('span', 'when', clock.format(new Date(at))),
      part('span', `badge ${kind}`, event),
      part('span', '', said.filter((one) => one !== undefined && one !== null).join(' ')),
    );
    if (typeof grantId === 'string') {
      const link = part('a', '', grantId);
      link.href = `/console/grants/${grantId}`;
      row.append(link);
    }
    if (typeof clientId === 'string') row.append(part('span', 'quiet', clientId));
    waiting.hidden = true;
    list.prepend(row);
    while (list.children.length > 200) list.lastElementChild.remove();
  });
}
