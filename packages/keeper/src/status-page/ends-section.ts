import type { Overview } from '../operations/read-overview.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { showCount, showDay } from './moments.ts';

const WIDTH = 900;
const HEIGHT = 180;
/** Of the width of a day, what is left free beside its bar. */
const GAP = 0.28;
const MARK_EVERY = 15;
const WEEK = 7;
const LEGEND = [
  ['soon', 'within a week'],
  ['near', 'within two weeks'],
  ['later', 'later'],
] as const;

/** When refresh tokens end, if nothing refreshes them: a bar a day for 90 days. */
export const renderEnds = ({ ends }: Overview): Html => {
  const total = ends.reduce((sum, { grants }) => sum + grants, 0);
  const most = Math.max(...ends.map(({ grants }) => grants));
  const busiest = ends.find(({ grants }) => grants === most);
  const summary =
    total === 0 || busiest === undefined
      ? 'No refresh token ends in the next 90 days.'
      : `${showCount(total)} refresh tokens end in the next 90 days if nothing refreshes them, most of them on ${showDay(busiest.fromMs)} (${showCount(most)}). A keeper that runs refreshes them long before.`;
  return html`<section class="card" aria-labelledby="ends">
    <h2 id="ends">The next 90 days</h2>
    <p class="soft">${summary}</p>
    ${total > 0 && [renderChart(ends, most), renderTable(ends)]}
  </section>`;
};

const renderChart = (ends: Overview['ends'], most: number): Html =>
  html`<figure class="chart" aria-hidden="true">
    <p class="top">${showCount(most)}</p>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT + 1}" preserveAspectRatio="none">
      <line class="grid" x1="0" x2="${WIDTH}" y1="0.5" y2="0.5" />
      <line class="grid" x1="0" x2="${WIDTH}" y1="${HEIGHT / 2}" y2="${HEIGHT / 2}" />
      <line class="base" x1="0" x2="${WIDTH}" y1="${HEIGHT + 0.5}" y2="${HEIGHT + 0.5}" />
      ${ends.map((day, at) => renderBar(day, at, { step: WIDTH / ends.length, most }))}
    </svg>
    <ol class="marks">
      ${marksOf(ends)}
    </ol>
    <p class="legend">
      ${LEGEND.map(
        ([kind, what]) =>
          html`<span
            ><svg viewBox="0 0 1 1"><rect width="1" height="1" class="${kind}" /></svg>${what}</span
          >`,
      )}
    </p>
  </figure>`;

const renderBar = (
  { fromMs, grants }: Overview['ends'][number],
  at: number,
  { step, most }: { readonly step: number; readonly most: number },
): Html | undefined => {
  if (grants === 0) return undefined;
  const height = Math.max(2, (grants / most) * HEIGHT);
  const [x, y] = [round(at * step + (step * GAP) / 2), round(HEIGHT - height)];
  return html`<rect
    class="${at < WEEK ? 'soon' : at < 2 * WEEK ? 'near' : 'later'}"
    x="${x}"
    y="${y}"
    width="${round(step * (1 - GAP))}"
    height="${round(height)}"
  >
    <title>${showDay(fromMs)}: ${showCount(grants)}</title>
  </rect>`;
};

const marksOf = (ends: Overview['ends']): Content =>
  ends
    .filter((_, at) => at % MARK_EVERY === 0)
    .map(({ fromMs }, at) => html`<li>${at === 0 ? 'today' : showDay(fromMs)}</li>`);

const renderTable = (ends: Overview['ends']): Html => {
  const rows = ends
    .filter((_, at) => at % WEEK === 0)
    .map(({ fromMs }, week) => {
      const days = ends.slice(week * WEEK, (week + 1) * WEEK);
      return html`<tr>
        <th scope="row">${showDay(fromMs)}</th>
        <td>${showCount(days.reduce((sum, { grants }) => sum + grants, 0))}</td>
      </tr>`;
    });
  return html`<details>
    <summary>The same week by week</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Week from</th>
          <th scope="col">Refresh tokens that end</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`;
};

const round = (value: number): number => Math.round(value * 10) / 10;
