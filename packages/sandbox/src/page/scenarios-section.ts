import { html } from './html.ts';
import type { Content } from './html.ts';
import { actionForm, selectField } from './fields.ts';
import type { RunningScenario, WorldView } from './world-view.ts';

/** The scenarios: those that were started, and a form that starts one, with what the server and a right client do. */
export const scenariosSection = ({ world, scenarios, running }: WorldView): Content =>
  html`<section class="card" aria-labelledby="scenarios-title">
    <h2 id="scenarios-title">Scenarios</h2>
    <div data-live="scenarios">
      ${
        running.length > 0 &&
        html`<ul class="faults">
          ${running.map((one) => runningItem(world.id, one))}
        </ul>`
      }
    </div>
    ${actionForm(
      world.id,
      'scenario',
      html`${selectField({
          id: 'scenario-name',
          name: 'name',
          label: 'What goes wrong',
          options: scenarios.map(({ name }) => ({ value: name, label: name })),
        })}
        ${selectField({
          id: 'scenario-client',
          name: 'client',
          label: 'Client',
          options: Object.keys(world.clients).map((name) => ({ value: name, label: name })),
        })} <button class="primary">Start it</button>`,
    )}
    <details class="more">
      <summary>What each of the ${scenarios.length} does</summary>
      <dl class="scenarios">
        ${scenarios.map(
          ({ name, serverDoes, clientDoes }) =>
            html`<dt><code>${name}</code></dt>
              <dd>${serverDoes}</dd>
              <dd class="soft">A right client: ${clientDoes}</dd>`,
        )}
      </dl>
    </details>
  </section>`;

const runningItem = (world: string, { name, grant, did, willDo }: RunningScenario): Content =>
  html`<li>
    <div>
      <p><code>${name}</code> with <span class="token">${grant}</span></p>
      ${[...did, ...willDo].map((says) => html`<p class="soft">${says}</p>`)}
    </div>
    ${actionForm(
      world,
      'end-scenario',
      html`<button id="end-${name}" class="quiet" name="name" value="${name}">
        End<span class="unseen"> ${name}</span>
      </button>`,
      { className: 'inline' },
    )}
  </li>`;
