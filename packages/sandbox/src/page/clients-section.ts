import { html } from './html.ts';
import type { Content } from './html.ts';
import { actionForm, selectField } from './fields.ts';
import type { WorldView } from './world-view.ts';

/** The clients of a world with their credentials, and the variables that SDKs read. */
export const clientsSection = ({ world }: WorldView): Content => {
  const clients = Object.values(world.clients);
  return html`<section class="card" aria-labelledby="clients-title">
    <h2 id="clients-title">Clients</h2>
    <details class="more">
      <summary>${clients.length} clients, with their secrets</summary>
      <dl class="facts">
        ${clients.map(
          ({ name, dialect, clientId, clientSecret }) =>
            html`<dt>${name}${dialect !== name && ` (${dialect})`}</dt>
              <dd><code>${clientId}</code></dd>
              <dd><code>${clientSecret}</code></dd>`,
        )}
      </dl>
      ${actionForm(
        world.id,
        'roll-secret',
        html`${selectField({
            id: 'roll-client',
            name: 'client',
            label: 'Client',
            options: clients.map(({ name }) => ({ value: name, label: name })),
          })}
          ${selectField({
            id: 'roll-overlap',
            name: 'overlapSeconds',
            label: 'The old secret is valid',
            options: [
              { value: '0', label: 'no longer' },
              { value: '3600', label: 'for one more hour' },
              { value: '86400', label: 'for one more day' },
            ],
          })} <button>Roll the secret</button>`,
      )}
    </details>
    <details class="more">
      <summary>Environment variables for SDKs</summary>
      ${Object.entries(world.environment).map(
        ([name, variables]) =>
          html`<h3>${name}</h3>
            <pre tabindex="0" aria-label="${name}">
${Object.entries(variables)
                .map(([variable, value]) => `${variable}=${value}`)
                .join('\n')}</pre>`,
      )}
    </details>
  </section>`;
};
