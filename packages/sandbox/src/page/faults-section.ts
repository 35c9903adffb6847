import { ENDPOINTS } from '../faults/fault.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import { describeAction, describeTarget } from './describe-fault.ts';
import { FAULT_CHOICES } from './fault-choices.ts';
import { actionForm, selectField, textField } from './fields.ts';
import type { Filled, Option } from './fields.ts';
import type { ShownFault, WorldView } from './world-view.ts';

const ENDPOINT_OPTIONS: readonly Option[] = ENDPOINTS.map((value) => ({
  value,
  label: value === 'any' ? 'every one' : value,
}));

/** The faults of a world, and a form that arms one more. */
export const faultsSection = (view: WorldView, filled: Filled): Content => {
  const { world, faults } = view;
  return html`<section class="card" aria-labelledby="faults-title">
    <h2 id="faults-title">Faults</h2>
    <div data-live="faults">
      ${
        faults.length === 0
          ? html`<p class="empty">None: every request is answered as in production.</p>`
          : html`<ul class="faults">
                ${faults.map((fault) => item(world.id, fault))}
              </ul>
              ${
                faults.length > 1 &&
                actionForm(
                  world.id,
                  'remove-faults',
                  html`<button id="remove-all" class="quiet">Remove all</button>`,
                  { className: 'inline' },
                )
              }`
      }
    </div>
    <details class="more" ${filled('fault') !== '' && html`open`}>
      <summary>Arm a fault</summary>
      ${actionForm(world.id, 'faults', armFields(view, filled))}
    </details>
  </section>`;
};

const item = (world: string, fault: ShownFault): Content =>
  html`<li class="${fault.isOver ? 'over' : 'armed'}">
    <div>
      <p>
        <span class="token">${fault.id}</span> ${describeAction(fault.do)}
        ${fault.scenario !== null && html`<span class="soft">(${fault.scenario})</span>`}
      </p>
      <p class="soft">${describeTarget(fault)} · ${sayFired(fault.fired)}${fault.isOver && ' · over'}</p>
    </div>
    ${actionForm(
      world,
      'remove-fault',
      html`<button id="remove-${fault.id}" class="quiet" name="id" value="${fault.id}">
        Remove<span class="unseen"> ${fault.id}</span>
      </button>`,
      { className: 'inline' },
    )}
  </li>`;

const sayFired = (fired: number): string =>
  fired === 0 ? 'not happened yet' : `happened ${fired === 1 ? 'once' : `${fired} times`}`;

const armFields = ({ world, grants }: WorldView, filled: Filled): Content => {
  const valued = FAULT_CHOICES.flatMap(({ value }) => value?.label ?? []);
  return html`${selectField({
      id: 'fault-kind',
      name: 'fault',
      label: 'What happens',
      value: filled('fault'),
      options: FAULT_CHOICES.map(({ name, label, group }) => ({ value: name, label, group })),
    })}
    ${textField({
      id: 'fault-value',
      name: 'value',
      label: `Value (${[...new Set(valued)].join(', ')})`,
      value: filled('value'),
      example: 'the usual one',
    })}
    <div class="pair">
      ${selectField({
        id: 'fault-endpoint',
        name: 'endpoint',
        label: 'Endpoint',
        value: filled('endpoint') || 'token',
        options: ENDPOINT_OPTIONS,
      })}
      ${selectField({
        id: 'fault-client',
        name: 'client',
        label: 'Client',
        value: filled('client'),
        options: [
          { value: '', label: 'Every client' },
          ...Object.keys(world.clients).map((name) => ({ value: name, label: name })),
        ],
      })}
      ${selectField({
        id: 'fault-grant',
        name: 'grant',
        label: 'Grant',
        value: filled('grant'),
        options: [
          { value: '', label: 'Every grant' },
          ...grants
            .toReversed()
            .slice(0, 100)
            .map(({ grant }) => ({ value: grant, label: grant })),
        ],
      })}
      ${textField({ id: 'fault-times', name: 'times', label: 'How often', value: filled('times'), example: '1 or always' })}
    </div>
    <details
      class="more"
      ${['nth', 'every', 'probability', 'json'].some((name) => filled(name) !== '') && html`open`}
    >
      <summary>Which requests, and JSON</summary>
      <div class="pair">
        ${textField({ id: 'fault-nth', name: 'nth', label: 'Only number', value: filled('nth'), example: '2', numeric: true })}
        ${textField({ id: 'fault-every', name: 'every', label: 'One in', value: filled('every'), example: '3', numeric: true })}
        ${textField({ id: 'fault-probability', name: 'probability', label: 'Chance (0 to 1)', value: filled('probability'), example: '0.2', numeric: true })}
      </div>
      <p class="field">
        <label for="fault-json">Or what happens as JSON</label>
        <textarea id="fault-json" name="json" rows="2" spellcheck="false" placeholder='{"delaySeconds": 61}'>
${filled('json')}</textarea>
      </p>
    </details>
    <button class="primary">Arm it</button>`;
};
