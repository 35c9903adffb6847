import type { viewClient, viewDetails, viewEvent } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import { isUndoable } from '../../grants/grant.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import type { Texts } from '../texts/en.ts';
import { auditOf } from './audit-page.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explain.ts';
import { above, age, badge, change, facts, moment, orHidden } from './parts.ts';
import { renderTimeline } from './timeline.ts';
import { renderVehicleData } from './vehicle-data.ts';

type Grant = ReturnType<typeof viewDetails>;
type Event = ReturnType<typeof viewEvent>;
type Client = ReturnType<typeof viewClient>;

/** What is shown of a grant. */
export type GrantPageData = {
  readonly grant: Grant;
  readonly events: readonly Event[];
  readonly client: Client;
  /** What a pasted token said, in a sentence. */
  readonly said?: string | undefined;
};

export const STATUS_BADGES = { active: 'good', in_doubt: 'warn', expired: 'plain', revoked: 'bad' } as const;

/** The page that answers why a car's connection stopped, and whether it can be put back. */
export const grantPage = (visit: ConsoleVisit, data: GrantPageData): ConsolePage => {
  const { texts, nowMs } = visit;
  const { grant, events, client, said } = data;
  const why = explain(grant, client, texts, nowMs);
  return {
    title: `${texts.grant.title} ${grant.grantId}`,
    part: 'find',
    isBelow: true,
    notice: said,
    content: html`
      <header class="title">
        ${above(aboveGrant(visit, grant), texts.grant.title)}
        <h1>${titleOf(grant)}</h1>
        <p>
          ${
            grant.status === 'active' && why.kind === 'bad'
              ? badge('bad', texts.why.blocked)
              : badge(STATUS_BADGES[grant.status], texts.grant.status[grant.status])
          }
          <a href="/console/clients/${grant.clientId}">${grant.clientName}</a>
          ${grant.subject !== null && html`<span class="quiet">· <bdi>${grant.subject}</bdi></span>`}
        </p>
      </header>
      <section class="why ${why.kind}">
        <p class="sentence">${why.sentence}</p>
        ${why.detail !== '' && html`<p>${why.detail}</p>`}
        ${why.advice !== '' && html`<p class="advice">${why.advice}</p>`} ${renderActions(visit, grant, why)}
      </section>
      ${grant.replay !== null && renderEvidence(visit, grant, grant.replay)}
      ${grant.vehicleData !== null && renderVehicleData(visit, grant.vehicleData)}
      <section>
        <h2>${texts.grant.timeline}</h2>
        ${renderTimeline(grant, events, visit)} ${renderFacts(visit, grant)}
      </section>
      <section>
        <h2>${texts.grant.happened}</h2>
        ${renderEvents(visit, events)}
        ${visit.may('audit.read') && html`<p class="more"><a href="${auditOf(`grant:${grant.grantId}`)}">${texts.audit.ofThis}</a></p>`}
      </section>
      <section>
        <h2>${texts.grant.vehicles}</h2>
        ${renderVehicles(visit, grant)}
      </section>
    `,
  };
};

/** A developer has no search, but the page of the client. */
const aboveGrant = (
  { session, texts }: ConsoleVisit,
  { clientId, clientName }: Grant,
): readonly [string, string] =>
  session.operator.role === 'developer'
    ? [`/console/clients/${clientId}`, clientName === '' ? clientId : clientName]
    : ['/console', texts.nav.find];

/** The car's name, if there is one car; else the owner, else the grant. */
const titleOf = ({ vehicles, subject, grantId }: Grant): Content => {
  const [vehicle] = vehicles;
  if (vehicle !== undefined && vehicles.length === 1)
    return html`<bdi>${vehicle.make} ${vehicle.model} ${vehicle.year}</bdi>`;
  return html`<bdi>${subject ?? grantId}</bdi>`;
};

const renderActions = (
  visit: ConsoleVisit,
  { grantId, status, revocationCause }: Grant,
  { advice }: Explanation,
): Content => {
  const { texts } = visit;
  if (status === 'revoked')
    return (
      visit.may('grants.reinstate') &&
      (revocationCause === null || isUndoable({ cause: revocationCause })) &&
      change(visit, {
        id: 'why-reinstate',
        action: `/console/grants/${grantId}/reinstate`,
        title: texts.grant.reinstate,
        hint: texts.grant.reinstateHint,
        kind: advice === texts.advice.reinstate ? 'primary' : 'secondary',
      })
    );
  return (
    status !== 'expired' &&
    visit.may('grants.revoke') &&
    change(visit, {
      id: 'why-revoke',
      action: `/console/grants/${grantId}/revoke`,
      title: texts.grant.revoke,
      hint: texts.grant.revokeHint,
      kind: 'danger',
    })
  );
};

/** Who presented the old token beside who had refreshed before: the two that an operator compares. */
const renderEvidence = (visit: ConsoleVisit, grant: Grant, replay: NonNullable<Grant['replay']>): Content => {
  const { texts } = visit;
  const { presentedBy, rotatedBy } = replay;
  const compare = (left: string | null | undefined, right: string | null | undefined): Content =>
    left === null || left === undefined || right === null || right === undefined
      ? undefined
      : left === right
        ? badge('plain', texts.grant.same)
        : badge('warn', texts.grant.differs);
  return html`<section>
    <h2>${texts.grant.evidence} <span class="quiet">${texts.grant.times(replay.times)}</span></h2>
    <div class="evidence">
      <div>
        <h3>${texts.grant.rotated}</h3>
        ${facts([
          [texts.grant.token, texts.grant.currentGeneration(replay.generation + replay.gap)],
          [texts.grant.address, orHidden(visit, rotatedBy?.address)],
          [texts.grant.program, html`<bdi>${rotatedBy?.userAgent ?? texts.none}</bdi>`],
          [texts.grant.refreshed, moment(visit, rotationBefore(replay))],
        ])}
      </div>
      <div class="old">
        <h3>${texts.grant.presented}</h3>
        ${facts([
          [texts.grant.token, texts.grant.generationBehind(replay.generation, replay.gap)],
          [
            texts.grant.address,
            html`${orHidden(visit, presentedBy?.address)} ${compare(presentedBy?.address, rotatedBy?.address)}`,
          ],
          [
            texts.grant.program,
            html`<bdi>${presentedBy?.userAgent ?? texts.none}</bdi>
              ${compare(presentedBy?.userAgent, rotatedBy?.userAgent)}`,
          ],
          [texts.audit.at, moment(visit, replay.at)],
        ])}
      </div>
    </div>
  </section>`;
};

const rotationBefore = ({ at, secondsSinceRotation }: NonNullable<Grant['replay']>): string | null =>
  at === null || secondsSinceRotation === null
    ? null
    : new Date(Date.parse(at) - secondsSinceRotation * 1000).toISOString();

const renderFacts = (visit: ConsoleVisit, grant: Grant): Content => {
  const { texts } = visit;
  const isOver = grant.status === 'revoked' || grant.status === 'expired';
  return facts([
    [texts.grant.owner, orHidden(visit, grant.subject)],
    [texts.grant.id, html`<code>${grant.grantId}</code>`],
    [texts.grant.generation, grant.generation],
    [texts.grant.refreshed, age(visit, grant.rotatedAt)],
    [texts.grant.created, moment(visit, grant.createdAt)],
    [isOver ? texts.grant.ended : texts.grant.ends, moment(visit, grant.endsAt)],
    grant.brand === null ? undefined : [texts.grant.brand, grant.brand],
    [texts.grant.scope, html`<bdi>${grant.scope === '' ? texts.none : grant.scope}</bdi>`],
  ]);
};

/** A cause in words, where it has some. */
export const causeOf = ({ causes }: Texts, cause: string | null): string =>
  cause === null ? '' : Object.hasOwn(causes, cause) ? causes[cause as keyof typeof causes] : cause;

const renderEvents = (visit: ConsoleVisit, events: readonly Event[]): Content => {
  const { texts } = visit;
  if (events.length === 0) return html`<p class="quiet">${texts.grant.nothingHappened}</p>`;
  return html`<ol class="events">
    ${events.map(
      ({ kind, cause, at, requestId }) =>
        html`<li>
          <strong>${texts.events[kind]}</strong> ${causeOf(texts, cause)}
          <span class="when">${moment(visit, at)}</span>
          ${requestId !== null && html`<code class="quiet">${requestId}</code>`}
        </li>`,
    )}
  </ol>`;
};

const renderVehicles = (visit: ConsoleVisit, { vehicles }: Grant): Content => {
  const { texts } = visit;
  if (vehicles.length === 0) return html`<p class="quiet">${texts.grant.noVehicles}</p>`;
  return html`<ul class="vehicles">
    ${vehicles.map(
      ({ make, model, year, vin, nickname }) =>
        html`<li>
          <bdi>${make} ${model} ${year}</bdi>
          ${nickname !== null && nickname !== '' && html`<bdi>(${nickname})</bdi>`}
          <code>${orHidden(visit, vin)}</code>
        </li>`,
    )}
  </ul>`;
};
