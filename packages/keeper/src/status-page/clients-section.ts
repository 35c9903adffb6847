import { describeSpan } from '../operations/describe-span.ts';
import type { ClientCard, Overview } from '../operations/read-overview.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { showCount, showMoment } from './moments.ts';

/** How every client does. */
export const renderClients = ({ clients, nowMs }: Overview): Html =>
  html`<section aria-labelledby="clients">
    <h2 id="clients">Clients</h2>
    ${clients.length === 0 && html`<p class="soft">The settings have no client.</p>`}
    <ul class="clients">
      ${clients.map((client) => renderClient(client, nowMs))}
    </ul>
  </section>`;

const renderClient = (client: ClientCard, nowMs: number): Html => {
  const { name, provider, grants, lastSurprise } = client;
  return html`<li class="card">
    <div class="head">
      <h3>${name}</h3>
      <span class="soft">${provider}</span>
      ${badgeOf(client)}
    </div>
    <p class="soft">
      ${showCount(grants)} ${grants === 1 ? 'grant' : 'grants'} alive; refreshes of the last hour:
    </p>
    ${troubleOf(client, nowMs)}
    <dl class="facts">${factsOf(client)}</dl>
    ${
      lastSurprise !== null &&
      html`<p class="surprise">
        <b>Surprise</b> ${showMoment(lastSurprise.atMs, nowMs)}: ${lastSurprise.text}
      </p>`
    }
  </li>`;
};

const factsOf = ({ sends, perSecondMax, skewMs }: ClientCard): Content => {
  const facts: readonly (readonly [string, Content])[] = [
    ['Success', sends.success === null ? '–' : showPercent(sends.success)],
    ['95 % within', sends.p95Ms === null ? '–' : `${showCount(sends.p95Ms)} ms`],
    [
      'Rate',
      html`${showRate(sends.perMinute)}/min <span class="soft">of ${showCount(perSecondMax * 60)}</span>`,
    ],
    ['Its clock', skewMs === null ? '–' : showSkew(skewMs)],
  ];
  return facts.map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value}</dd>
      </div>`,
  );
};

const badgeOf = ({ breaker, outage, pausedUntilMs }: ClientCard): Html => {
  if (breaker !== null) return html`<span class="badge wrong">Refused</span>`;
  if (outage !== null) return html`<span class="badge wrong">Unreachable</span>`;
  return pausedUntilMs === null
    ? html`<span class="badge good">Works</span>`
    : html`<span class="badge warn">Paused</span>`;
};

const troubleOf = ({ breaker, outage, pausedUntilMs }: ClientCard, nowMs: number): Html | undefined => {
  if (breaker !== null)
    return html`<p class="trouble">
      The provider refuses the client (<code>${breaker.code}</code>), first
      ${showMoment(breaker.sinceMs, nowMs)}. Compare its id and secret; no grant is lost. The next try is
      ${showMoment(breaker.retryAtMs, nowMs)}.
    </p>`;
  if (outage !== null)
    return html`<p class="trouble">
      The provider cannot be reached (<code>${outage.code}</code>), first
      ${showMoment(outage.sinceMs, nowMs)}. Access tokens are served while they are valid; no grant is lost.
      The next try is ${showMoment(outage.retryAtMs, nowMs)}.
    </p>`;
  return pausedUntilMs === null
    ? undefined
    : html`<p class="trouble">
        The provider asked for a pause, which ends ${showMoment(pausedUntilMs, nowMs)}.
      </p>`;
};

const showPercent = (share: number): string =>
  share === 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;

const showRate = (perMinute: number): string =>
  perMinute === 0 || perMinute >= 10 ? showCount(perMinute) : perMinute.toFixed(1);

const showSkew = (skewMs: number): string =>
  Math.abs(skewMs) < 1000
    ? 'as ours'
    : `${describeSpan(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`;
