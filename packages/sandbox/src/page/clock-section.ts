import { html } from './html.ts';
import type { Content } from './html.ts';
import { actionForm, selectField, textField } from './fields.ts';
import type { Filled } from './fields.ts';
import { writeMoment } from './moments.ts';
import type { ShownClock, WorldView } from './world-view.ts';

const STEPS = [
  ['PT1M', '1 min'],
  ['PT1H', '1 hour'],
  ['P1D', '1 day'],
  ['P7D', '7 days'],
  ['P30D', '30 days'],
  ['P59DT23H', '59 d 23 h'],
] as const;

/** The time of the world, and what moves it. */
export const clockSection = ({ world: { id, clock } }: WorldView, filled: Filled): Content =>
  html`<section class="card clock" aria-labelledby="clock-title">
    <h2 id="clock-title">Clock</h2>
    <div data-live="clock">${face(clock)}</div>
    ${actionForm(
      id,
      'advance',
      STEPS.map(([by, label]) => html`<button name="by" value="${by}">+ ${label}</button>`),
      { className: 'steps' },
    )}
    <details class="more" ${(filled('by') !== '' || filled('to') !== '') && html`open`}>
      <summary>Any other time</summary>
      <div class="columns">
        ${actionForm(
          id,
          'advance',
          html`${textField({ id: 'clock-by', name: 'by', label: 'Forward by', value: filled('by'), example: 'P59DT23H' })}
            <button>Move forward</button>`,
        )}
        ${actionForm(
          id,
          'advance',
          html`${textField({ id: 'clock-to', name: 'to', label: 'Forward to', value: filled('to'), example: '2026-03-01T08:30:00Z' })}
            <button>Move there</button>`,
        )}
        ${actionForm(id, 'clock', clockFields(clock))}
      </div>
    </details>
  </section>`;

const clockFields = ({ mode, rate, skewSeconds }: ShownClock): Content =>
  html`${selectField({
      id: 'clock-mode',
      name: 'mode',
      label: 'How it passes',
      value: mode,
      options: [
        { value: 'frozen', label: 'Frozen: only when it is moved' },
        { value: 'running', label: 'Running' },
      ],
    })}
    <div class="pair">
      ${textField({ id: 'clock-rate', name: 'rate', label: 'Seconds in a real one', value: String(rate), numeric: true })}
      ${textField({ id: 'clock-skew', name: 'skewSeconds', label: 'Server is ahead by (s)', value: String(skewSeconds), numeric: true })}
    </div>
    <button>Change</button>`;

const face = ({ now, nowMs, mode, rate, skewSeconds }: ShownClock): Content => {
  const [day = '', time = ''] = writeMoment(now).split(' ');
  const isRunning = mode === 'running';
  return html`<p class="face">
      <time datetime="${now}" data-now="${nowMs}" data-rate="${isRunning ? rate : 0}"
        ><span class="day">${day}</span> <span class="hour">${time}</span></time
      >
    </p>
    <p class="soft">
      ${isRunning ? `Running${rate === 1 ? '' : `, ${rate} seconds in each real one`}.` : 'Frozen: it moves when you move it.'}
      ${skewSeconds !== 0 && `The server's clock is ${Math.abs(skewSeconds)} s ${skewSeconds > 0 ? 'ahead' : 'behind'}.`}
    </p>`;
};
