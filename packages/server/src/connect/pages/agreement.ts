import type { Client } from '../../clients/client.ts';
import type { DataRegistry } from '../../clients/data-names.ts';
import { toMillis } from '../../clock.ts';
import type { VehicleData } from '../../grants/vehicle-data.ts';
import { fill, html } from './html.ts';
import type { Content } from './html.ts';
import { renderMoment } from './moments.ts';
import { isolate, nameClient } from './names.ts';
import type { PageContext } from './page-context.ts';
import type { Language } from '../../language.ts';

/** A kind of data in words for owners; one that the deployment lost since is shown by its name. */
export const describeData = (
  { data, language }: { readonly data: DataRegistry; readonly language: Language },
  name: string,
): string => data.get(name)?.text[language] ?? name;

/** For what a client wants which data, and until when: what an owner agrees to besides vehicles and permissions. */
export const renderAgreement = (
  pageContext: PageContext,
  { purpose, data, until }: VehicleData,
  client: Client,
): Content => {
  const { agreement } = pageContext.texts;
  return html`<dl class="agreement">
    <dt>${fill(agreement.purpose, isolate(nameClient(client)))}</dt>
    <dd>${isolate(purpose)}</dd>
    <dt>${agreement.data}</dt>
    <dd>
      <ul>
        ${data.map((name) => html`<li>${describeData(pageContext, name)}</li>`)}
      </ul>
    </dd>
    <dt>${agreement.until}</dt>
    <dd>${until === undefined ? agreement.noEnd : renderMoment(pageContext, toMillis(until))}</dd>
  </dl>`;
};
