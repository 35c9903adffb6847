import type { Millis } from '../../clock.ts';
import type { viewDetails, viewEvent } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { Texts } from '../texts/en.ts';

type Grant = ReturnType<typeof viewDetails>;
type Event = ReturnType<typeof viewEvent>;

/** Places are shares of the width, so that marks and labels have one size on every screen. */
const HEIGHT = 96;
const LEFT = 3;
const RIGHT = 97;
const LINE = 52;
/** The least space between two labels, on a wide screen and on a narrow one. */
const LABEL_GAP = 3.5;
const NARROW_LABEL_GAP = 9;

type Mark = {
  readonly atMs: Millis;
  readonly kind: 'rotation' | 'created' | 'bad' | 'good' | 'now';
  /** A generation, or nothing. */
  readonly label: string;
};

const KINDS: Readonly<Record<string, Mark['kind']>> = {
  'grant.revoked': 'bad',
  'grant.replayed': 'bad',
  'grant.reinstated': 'good',
};

const isOver = ({ status }: Grant): boolean => status === 'revoked' || status === 'expired';

const endOf = ({ revokedAt, endsAt }: Grant): Millis => Date.parse(revokedAt ?? endsAt ?? '');

const marksOf = (grant: Grant, events: readonly Event[], nowMs: Millis): readonly Mark[] => {
  const rotations = grant.rotations.flatMap((at, index): readonly Mark[] => {
    const generation = grant.generation - grant.rotations.length + 1 + index;
    // The first moment of an imported grant is that of its token, not of a refresh.
    if (at === null || generation < 1) return [];
    return [{ atMs: Date.parse(at), kind: 'rotation', label: String(generation) }];
  });
  const created: Mark = { atMs: Date.parse(grant.createdAt ?? ''), kind: 'created', label: '' };
  const happened = events.flatMap(({ at, kind }): readonly Mark[] => {
    const known = KINDS[kind];
    return at === null || known === undefined ? [] : [{ atMs: Date.parse(at), kind: known, label: '' }];
  });
  const now: Mark = { atMs: nowMs, kind: 'now', label: '' };
  const end: readonly Mark[] = happened.some(({ atMs }) => atMs === endOf(grant))
    ? []
    : [{ atMs: endOf(grant), kind: 'bad', label: '' }];
  return [created, ...rotations, ...happened, ...(isOver(grant) ? end : []), now].sort(
    (left, right) => left.atMs - right.atMs,
  );
};

/** Moments are placed by time, and kept apart where many are close together. */
const placesOf = (marks: readonly Mark[]): readonly number[] => {
  const [first] = marks;
  const last = marks.at(-1);
  if (first === undefined || last === undefined) return [];
  const span = Math.max(1, last.atMs - first.atMs);
  const step = (RIGHT - LEFT) / Math.max(1, marks.length - 1);
  // Half by time, half by order: a year of silence and ten refreshes in a minute are both seen.
  return marks.map(
    ({ atMs }, index) => LEFT + (((atMs - first.atMs) / span) * (RIGHT - LEFT)) / 2 + (index * step) / 2,
  );
};

/** The generations of a grant and what happened to it, drawn. The list beside it says the same. */
export const renderTimeline = (
  grant: Grant,
  events: readonly Event[],
  { texts, nowMs }: { readonly texts: Texts; readonly nowMs: Millis },
): Content => {
  const marks = marksOf(grant, events, nowMs);
  const places = placesOf(marks);
  const endIndex = isOver(grant) ? marks.findIndex(({ atMs }) => atMs >= endOf(grant)) : -1;
  const end = endIndex < 0 ? RIGHT : (places[endIndex] ?? RIGHT);
  let labelled = -Infinity;
  let labelledNarrow = -Infinity;
  return html`<svg
    class="timeline"
    width="100%"
    height="${HEIGHT}"
    role="img"
    aria-label="${texts.grant.timelineLabel(grant.rotations.length)}"
  >
    <line class="rail" x1="${LEFT}%" y1="${LINE}" x2="${RIGHT}%" y2="${LINE}" />
    <line class="life" x1="${LEFT}%" y1="${LINE}" x2="${end.toFixed(2)}%" y2="${LINE}" />
    ${marks.map((mark, index) => {
      const place = places[index] ?? LEFT;
      const isLabelled = mark.label !== '' && place - labelled >= LABEL_GAP;
      if (isLabelled) labelled = place;
      const isForNarrow = isLabelled && place - labelledNarrow >= NARROW_LABEL_GAP;
      if (isForNarrow) labelledNarrow = place;
      const label = isLabelled && (isForNarrow ? 'label' : 'label wide');
      return renderMark(mark, `${place.toFixed(2)}%`, label);
    })}
  </svg>`;
};

/** `label`: the class of its label, or `false` for none. */
const renderMark = ({ kind, label: text }: Mark, x: string, label: string | false): Content => {
  switch (kind) {
    case 'rotation':
      return html`<circle class="rotation" cx="${x}" cy="${LINE}" r="5" />
        ${label !== false && html`<text class="${label}" x="${x}" y="${LINE + 26}">${text}</text>`}`;
    case 'created':
      return html`<circle class="created" cx="${x}" cy="${LINE}" r="6" />`;
    case 'now':
      return html`<line class="now" x1="${x}" y1="${LINE - 14}" x2="${x}" y2="${LINE + 14}" />`;
    case 'bad':
    case 'good':
      return html`<line class="stem ${kind}" x1="${x}" y1="${LINE}" x2="${x}" y2="${LINE - 30}" />
        <circle class="${kind}" cx="${x}" cy="${LINE - 34}" r="7" />`;
  }
};
