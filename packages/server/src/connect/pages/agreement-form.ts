import { toMillis } from '../../clock.ts';
import type { Grant } from '../../grants/grant.ts';
import type { VehicleData } from '../../grants/vehicle-data.ts';
import { writeGrantId } from '../../tokens/grant-id.ts';
import { describeData, renderAgreement } from './agreement.ts';
import type { Client } from '../../clients/client.ts';
import { button } from './form.ts';
import type { RenderForm } from './form.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { PageContext } from './page-context.ts';

/** A grant for vehicle data. */
export type Agreed = { readonly grant: Grant; readonly vehicleData: VehicleData };

/** The fields of the form that changes a grant for vehicle data. A kind of data is named by its place among those asked for. */
export const AGREEMENT_FIELDS = {
  grant: 'grant',
  until: 'until',
  data: (place: number): string => `data_${place}`,
} as const;

/** What the owner agreed to in one grant, with a form to change or end it. */
export const renderAgreed = (
  pageContext: PageContext,
  { grant, vehicleData }: Agreed,
  client: Client,
  form: RenderForm,
): Content => {
  const { agreement } = pageContext.texts;
  const { asked, data, until } = vehicleData;
  const id = writeGrantId(grant.id);
  return html`${renderAgreement(pageContext, vehicleData, client)}
    <details>
      <summary>${agreement.change}</summary>
      <p>${agreement.changeNote}</p>
      ${form(
        html`<input type="hidden" name="${AGREEMENT_FIELDS.grant}" value="${id}" />
          <fieldset>
            <legend>${agreement.data}</legend>
            <div class="choices">
              ${Object.keys(asked.data).map(
                (name, place) =>
                  html`<label class="choice"
                    ><input
                      type="checkbox"
                      name="${AGREEMENT_FIELDS.data(place)}"
                      value="yes"
                      ${data.includes(name) && html`checked`}
                    /><span>${describeData(pageContext, name)}</span></label
                  >`,
              )}
            </div>
          </fieldset>
          <p>
            <label
              >${agreement.untilDay}
              <input
                type="date"
                name="${AGREEMENT_FIELDS.until}"
                value="${until === undefined ? '' : lastDayOf(until)}"
                ${asked.until !== undefined && html`max="${lastDayOf(asked.until)}"`}
            /></label>
          </p>
          <div class="actions">
            ${button('change_data', agreement.save, 'primary')} ${button('end_data', agreement.end, 'danger')}
          </div>`,
      )}
    </details>`;
};

/** The last day, in UTC, that is not over at a moment. */
const lastDayOf = (seconds: number): string => new Date(toMillis(seconds) - 1).toISOString().slice(0, 10);
