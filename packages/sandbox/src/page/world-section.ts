import { html } from './html.ts';
import type { Content } from './html.ts';
import { actionForm, selectField, textField } from './fields.ts';
import type { Filled } from './fields.ts';
import { writeMoment } from './moments.ts';
import type { ListedWorld, WorldView } from './world-view.ts';

const LINKED_MAX = 6;
const LISTED_MAX = 200;

export const nameWorld = (id: string): string => (id === 'default' ? 'Default world' : `World ${id}`);

const linkTo = ({ id }: ListedWorld, current: string | undefined): Content =>
  html`<a href="/_sandbox/page/${id}" ${id === current && html`aria-current="page"`}
    >${id === 'default' ? 'default' : id}</a
  >`;

/** Links to the world at the root, the one that is shown, and the newest others. */
export const worldLinks = (worlds: readonly ListedWorld[], current: string | undefined): Content => {
  const others = worlds.filter(({ id }) => id !== 'default' && id !== current).toReversed();
  const shown = worlds.filter(({ id }) => id === 'default' || id === current);
  const linked = [...shown, ...others.slice(0, LINKED_MAX)];
  return html`<nav aria-label="Worlds">
    ${linked.map((world) => linkTo(world, current))}
    <a href="#worlds">${worlds.length > linked.length ? `all ${worlds.length}` : 'new …'}</a>
  </nav>`;
};

/** The state of the world as a whole: copies of its server, reset, removal. */
export const worldSection = ({ world, checkpoints }: WorldView): Content =>
  html`<section class="card" aria-labelledby="world-title">
    <h2 id="world-title">This world</h2>
    <dl class="facts">
      <dt>Address</dt>
      <dd><code>${world.url}</code></dd>
      <dt>Seed</dt>
      <dd><code>${world.seed}</code></dd>
      <dt>Consent</dt>
      <dd>${world.autoConsent ? 'given at once' : 'asked for on a page'}</dd>
    </dl>
    <div class="row">
      ${actionForm(world.id, 'checkpoint', html`<button>Take a checkpoint</button>`, { className: 'inline' })}
      ${actionForm(world.id, 'reset', html`<button class="danger">Reset</button>`, { className: 'inline' })}
      ${
        world.id !== 'default' &&
        actionForm(world.id, 'remove', html`<button class="danger">Remove</button>`, { className: 'inline' })
      }
    </div>
    ${
      checkpoints.length > 0 &&
      actionForm(
        world.id,
        'restore',
        html`${selectField({
            id: 'restore-checkpoint',
            name: 'checkpoint',
            label: 'Put the server back to',
            options: checkpoints.toReversed().map(({ checkpoint, at }) => ({
              value: String(checkpoint),
              label: `checkpoint ${checkpoint} of ${writeMoment(at)}`,
            })),
          })} <button>Restore</button>`,
      )
    }
  </section>`;

/** All worlds, and a form for one more. */
export const worldsSection = ({ world, worlds }: WorldView, filled: Filled): Content =>
  html`<section class="card" id="worlds" aria-labelledby="worlds-title">
    <h2 id="worlds-title">Worlds</h2>
    <ul class="worlds">
      ${worlds
        .toReversed()
        .slice(0, LISTED_MAX)
        .map(
          (one) =>
            html`<li>
              ${linkTo(one, world.id)}
              <span class="soft"
                >${writeMoment(one.now)} · ${one.grants} ${one.grants === 1 ? 'grant' : 'grants'}</span
              >
            </li>`,
        )}
    </ul>
    ${worlds.length > LISTED_MAX && html`<p class="soft">The newest ${LISTED_MAX}.</p>`}
    <details class="more" ${(filled('clock') !== '' || filled('seed') !== '') && html`open`}>
      <summary>Create a world</summary>
      ${actionForm(
        world.id,
        'worlds',
        html`<div class="pair">
            ${textField({ id: 'world-clock', name: 'clock', label: 'It begins at', value: filled('clock'), example: '2026-01-01' })}
            ${textField({ id: 'world-seed', name: 'seed', label: 'Seed', value: filled('seed'), example: 'any' })}
          </div>
          <p class="check">
            <input type="checkbox" id="world-consent" name="autoConsent" /><label for="world-consent"
              >Owners agree at once</label
            >
          </p>
          <p class="check">
            <input type="checkbox" id="world-port" name="port" /><label for="world-port"
              >A port of its own</label
            >
          </p>
          <button class="primary">Create a world</button>`,
      )}
    </details>
  </section>`;
