import type { viewDetails } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { badge, facts, moment, orHidden, table } from './parts.ts';

type VehicleData = NonNullable<ReturnType<typeof viewDetails>['vehicleData']>;

/** What a connection is for: the data by name, the purpose, the end, and what its owner has taken back. */
export const renderVehicleData = (visit: ConsoleVisit, vehicleData: VehicleData): Content => {
  const { texts } = visit;
  const { purpose, data, isNarrowed } = vehicleData;
  const columns = [texts.data.name, texts.data.scope, texts.data.state];
  const rows = data.map(({ name, scope, isAllowed }) => [
    html`<strong><bdi>${name}</bdi></strong>`,
    html`<bdi>${scope}</bdi>`,
    isAllowed ? badge('good', texts.data.allowed) : badge('warn', texts.data.takenBack),
  ]);
  return html`<section>
    <h2>${texts.data.title} ${isNarrowed && badge('warn', texts.data.narrowed)}</h2>
    ${facts([
      [texts.data.purpose, html`<bdi>${purpose}</bdi>`],
      [texts.data.until, untilOf(visit, vehicleData)],
      [texts.data.vehicles, vehiclesOf(visit, vehicleData)],
    ])}
    ${table(texts.data.title, columns, rows)}
  </section>`;
};

const untilOf = (visit: ConsoleVisit, { until, askedUntil }: VehicleData): Content => {
  const { texts } = visit;
  const shown = until === null ? texts.data.noEnd : moment(visit, until);
  if (until === askedUntil)
    return html`${shown} <span class="quiet">${until !== null && texts.data.asAsked}</span>`;
  const asked = askedUntil === null ? texts.data.noEnd : moment(visit, askedUntil);
  return html`${shown} <span class="quiet">${texts.data.byOwner} ${texts.data.asked} ${asked}</span>`;
};

const vehiclesOf = (visit: ConsoleVisit, { askedVehicles }: VehicleData): Content =>
  askedVehicles === null
    ? visit.texts.data.anyVehicle
    : html`${askedVehicles.map((vehicle) => html`<code>${orHidden(visit, vehicle)}</code> `)}`;
