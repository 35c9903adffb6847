import type { viewWaiting } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { badge, change, facts, moment } from './parts.ts';

type Waiting = ReturnType<typeof viewWaiting>;

/** A page of what waits. */
export type WaitingPage = {
  readonly registrations: readonly Waiting[];
  /** Where the next page begins; `null` on the last one. */
  readonly next: string | null;
};

/** The clients that registered themselves and wait for an operator, the oldest first. */
export const registrationsPage = (visit: ConsoleVisit, { registrations, next }: WaitingPage): ConsolePage => {
  const { texts } = visit;
  return {
    title: texts.registrations.title,
    part: 'clients',
    content: html`
      <header class="title">
        <h1>${texts.registrations.title}</h1>
        <p class="lead">${texts.registrations.lead}</p>
      </header>
      ${
        registrations.length === 0
          ? html`<section><p class="empty">${texts.registrations.empty}</p></section>`
          : registrations.map((one) => renderWaiting(visit, one))
      }
      ${
        next !== null &&
        html`<p class="more">
          <a href="/console/registrations?${new URLSearchParams({ after: next }).toString()}" rel="next"
            >${texts.more}</a
          >
        </p>`
      }
      <p class="more"><a href="/console/clients">${texts.clients.title}</a></p>
    `,
  };
};

const renderWaiting = (visit: ConsoleVisit, waiting: Waiting): Content => {
  const { texts } = visit;
  const { clientId, clientName, kind, widened, metadata, registeredAt } = waiting;
  return html`<section>
    <h2>
      <a href="/console/clients/${clientId}"><bdi>${clientName === '' ? clientId : clientName}</bdi></a>
    </h2>
    <p>
      ${badge(kind === 'new' ? 'plain' : 'warn', kind === 'new' ? texts.registrations.isNew : texts.registrations.asksMore)}
      ${widened.length > 0 && html`<bdi>${widened.join(', ')}</bdi>`}
    </p>
    ${facts([
      [texts.registrations.registered, moment(visit, registeredAt)],
      ...Object.entries(metadata).map(
        ([name, value]) => [name, html`<bdi>${writeValue(value)}</bdi>`] as const,
      ),
    ])}
    ${visit.may('clients.write') && renderDecisions(visit, waiting)}
  </section>`;
};

/** Texts stand beside each other, as addresses do; anything else is JSON. */
const writeValue = (value: unknown): string => {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.every((text) => typeof text === 'string') ? texts.join(' ') : JSON.stringify(value);
};

const renderDecisions = (visit: ConsoleVisit, { clientId, version, kind }: Waiting): Content => {
  const { texts } = visit;
  const path = `/console/registrations/${clientId}`;
  const fields = html`<input type="hidden" name="seen" value="${version}" />`;
  return html`<div class="actions">
    ${change(visit, {
      id: `why-approve-${clientId}`,
      action: `${path}/approve`,
      title: texts.registrations.approve,
      hint: texts.registrations.approveHint,
      kind: 'primary',
      fields,
    })}
    ${change(visit, {
      id: `why-refuse-${clientId}`,
      action: `${path}/refuse`,
      title: texts.registrations.refuse,
      hint: kind === 'new' ? texts.registrations.refuseNewHint : texts.registrations.refuseHint,
      kind: 'danger',
      fields,
    })}
  </div>`;
};
