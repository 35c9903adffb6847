import { html } from './html.ts';
import type { Content } from './html.ts';
import { actionForm, selectField, textField } from './fields.ts';
import type { Filled } from './fields.ts';
import { renderDistance } from './moments.ts';
import type { ShownGrant, WorldView } from './world-view.ts';

export const STATUS_WORDS: Readonly<Record<string, string>> = {
  active: 'active',
  in_doubt: 'in doubt',
  expired: 'expired',
  revoked: 'revoked',
};

/** The grants of a world, newest first, and a form for one more. */
export const grantsSection = ({ world, grants, grantCount }: WorldView, filled: Filled): Content =>
  html`<section class="card" aria-labelledby="grants-title">
    <h2 id="grants-title">Grants</h2>
    <div data-live="grants">
      ${
        grants.length === 0
          ? html`<p class="empty">
              No grants yet. Create one below, or send an owner through the consent pages of the world.
            </p>`
          : table(world.id, grants.toReversed(), world.clock.nowMs)
      }
      ${
        grantCount > grants.length &&
        html`<p class="soft">And ${grantCount - grants.length} older ones, which the API lists.</p>`
      }
    </div>
    <details class="more" ${filled('subject') !== '' && html`open`}>
      <summary>Create a grant without a browser</summary>
      ${actionForm(
        world.id,
        'grants',
        html`<div class="columns">
            ${selectField({
              id: 'grant-client',
              name: 'client',
              label: 'Client',
              value: filled('client'),
              options: Object.keys(world.clients).map((name) => ({ value: name, label: name })),
            })}
            ${textField({ id: 'grant-subject', name: 'subject', label: 'Owner', value: filled('subject') || 'owner-1' })}
            ${textField({ id: 'grant-age', name: 'age', label: 'How old it is', value: filled('age'), example: 'P59D' })}
            ${textField({ id: 'grant-vehicles', name: 'vehicles', label: 'VINs', value: filled('vehicles'), example: 'KMHKM81A0RU104217' })}
          </div>
          <button class="primary">Create a grant</button>`,
      )}
    </details>
  </section>`;

/** Tables keep their roles where a narrow screen shows their rows as blocks. */
const table = (world: string, grants: readonly ShownGrant[], nowMs: number): Content =>
  html`<table role="table">
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">Grant</th>
        <th role="columnheader" scope="col">Client</th>
        <th role="columnheader" scope="col">Owner</th>
        <th role="columnheader" scope="col">Token</th>
        <th role="columnheader" scope="col">Expires</th>
        <th role="columnheader" scope="col">If it is sent</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${grants.map((grant) => row(world, grant, nowMs))}
    </tbody>
  </table>`;

const row = (world: string, grant: ShownGrant, nowMs: number): Content =>
  html`<tr role="row">
    <th role="rowheader" scope="row">
      <span class="token">${grant.grant}</span>
      <span class="badge ${grant.status}">${STATUS_WORDS[grant.status]}</span>
    </th>
    <td role="cell" data-label="Client">${grant.client}</td>
    <td role="cell" data-label="Owner">${grant.subject}</td>
    <td role="cell" data-label="Token">
      <span class="token">${grant.grant}/${grant.generation}</span>
    </td>
    <td role="cell" data-label="Expires">
      <span
        >${
          grant.revoked === null
            ? renderDistance(grant.expiresAt, nowMs)
            : html`<span class="soft">revoked (${grant.revoked.cause})</span>`
        }</span
      >
    </td>
    <td role="cell" data-label="If it is sent">
      <a id="tokens-${grant.grant}" href="/_sandbox/page/${world}/grants/${grant.grant}"
        >What each causes<span class="unseen">, of ${grant.grant}</span></a
      >
    </td>
  </tr>`;
