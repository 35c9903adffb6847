import { UNDOABLE_CAUSES } from '@keyfob/server/grants';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { Page } from './document.ts';
import { actionForm, selectField } from './fields.ts';
import { STATUS_WORDS } from './grants-section.ts';
import { renderDistance, renderMoment, writeMoment } from './moments.ts';
import { renderNotice } from './notice.ts';
import type { Notice } from './notices.ts';
import { WAS_CAUSED } from './verdicts.ts';
import { nameWorld, worldLinks } from './world-section.ts';
import type { ListedWorld, ShownGrant, ShownTokens } from './world-view.ts';

export type GrantView = {
  readonly world: string;
  readonly worlds: readonly ListedWorld[];
  readonly nowMs: number;
  readonly grant: ShownGrant;
  readonly tokens: ShownTokens;
};

/** The page of a grant: what each of its refresh tokens would cause, and what can be done to it. */
export const grantPage = (view: GrantView, notice: Notice | undefined): Page => {
  const { world, worlds, grant } = view;
  return {
    status: 200,
    title: `Grant ${grant.grant}`,
    navigation: worldLinks(worlds, world),
    content: html`<p class="back"><a href="/_sandbox/page/${world}">← ${nameWorld(world)}</a></p>
      <h1>Grant ${grant.grant} <span class="badge ${grant.status}">${STATUS_WORDS[grant.status]}</span></h1>
      ${renderNotice(notice)}
      <div class="board">
        <div>${tokensSection(view)}</div>
        <div>${factsSection(view)} ${changesSection(world, grant)}</div>
      </div>`,
  };
};

const tokensSection = ({ tokens: { tokens, more }, nowMs }: GrantView): Content =>
  html`<section class="card" aria-labelledby="tokens-title">
    <h2 id="tokens-title">What each refresh token would cause</h2>
    <p class="soft">If its own client sent it now. Looking changes nothing.</p>
    <ol class="journal" reversed>
      ${tokens.map(
        ({ token, wouldBe, because, until, current }) =>
          html`<li>
            <p class="line">
              <span class="token">${token}</span>
              <span class="badge ${wouldBe}">${WAS_CAUSED[wouldBe]}</span>
              ${current && html`<strong>to hold now</strong>`}
            </p>
            <p class="says">${because}</p>
            ${until !== null && html`<p class="soft">Until ${renderDistance(until, nowMs)}, if nothing happens.</p>`}
          </li>`,
      )}
    </ol>
    ${more > 0 && html`<p class="soft">And ${more} older ones.</p>`}
  </section>`;

const factsSection = ({ grant, nowMs }: GrantView): Content =>
  html`<section class="card" aria-labelledby="facts-title">
    <h2 id="facts-title">The grant</h2>
    <dl class="facts">
      <dt>Id</dt>
      <dd><code>${grant.id}</code></dd>
      <dt>Client</dt>
      <dd>${grant.client}${grant.dialect !== grant.client && ` (${grant.dialect})`}</dd>
      <dt>Owner</dt>
      <dd>${grant.subject}</dd>
      <dt>Scope</dt>
      <dd>${grant.scope === '' ? 'none' : grant.scope}</dd>
      <dt>Created</dt>
      <dd>${renderDistance(grant.createdAt, nowMs)}</dd>
      <dt>Refresh token expires</dt>
      <dd>${renderDistance(grant.expiresAt, nowMs)}</dd>
      ${
        grant.rotatedAt.length > 0 &&
        html`<dt>Last refreshed</dt>
          <dd>${renderDistance(grant.rotatedAt.at(-1) ?? '', nowMs)}</dd>`
      }
      ${
        grant.revoked !== null &&
        html`<dt>Revoked</dt>
          <dd>${renderMoment(grant.revoked.at)} (${grant.revoked.cause})</dd>`
      }
      ${
        grant.replay !== null &&
        html`<dt>Last replay</dt>
          <dd>
            ${writeMoment(grant.replay.at)},
            <span class="token">${grant.grant}/${grant.replay.generation}</span>: it looks like a
            ${grant.replay.looksLike.replaceAll('_', ' ')}
          </dd>`
      }
      ${
        grant.vehicles.length > 0 &&
        html`<dt>Vehicles</dt>
          ${grant.vehicles.map(({ vin, model }) => html`<dd>${model} <code>${vin}</code></dd>`)}`
      }
    </dl>
  </section>`;

/** What its owner or its client ended is not put back. */
const isUndoable = ({ revoked }: ShownGrant): boolean =>
  UNDOABLE_CAUSES.some((cause) => cause === revoked?.cause);

const changesSection = (world: string, grant: ShownGrant): Content => {
  const form = (action: string, content: Content): Content =>
    actionForm(
      world,
      action,
      html`<input type="hidden" name="grant" value="${grant.grant}" />
        <input type="hidden" name="from" value="grant" />
        ${content}`,
      { className: 'inline' },
    );
  return html`<section class="card" aria-labelledby="changes-title">
    <h2 id="changes-title">What may happen to it</h2>
    <div class="row">
      ${grant.status === 'active' && form('rotate', html`<button>A thief refreshes it</button>`)}
      ${form('expire', html`<button name="what" value="access">Access tokens expire</button>`)}
      ${
        grant.status === 'active' &&
        form('expire', html`<button name="what" value="refresh">Refresh token expires</button>`)
      }
      ${
        grant.status === 'revoked'
          ? isUndoable(grant) && form('reinstate', html`<button>Reinstate it</button>`)
          : [
              form(
                'revoke',
                html`<button class="danger" name="by" value="owner">The owner revokes it</button>`,
              ),
              form(
                'revoke',
                html`<button class="danger" name="by" value="operator">The operator revokes it</button>`,
              ),
              form('withdraw', html`<button class="danger">The owner withdraws everything</button>`),
            ]
      }
    </div>
    ${
      grant.status === 'revoked' &&
      !isUndoable(grant) &&
      html`<p class="soft">Its owner or its client ended it: only a new consent connects them again.</p>`
    }
    ${
      grant.status !== 'revoked' &&
      grant.vehicles.length > 0 &&
      actionForm(
        world,
        'withdraw',
        html`<input type="hidden" name="grant" value="${grant.grant}" />
          <input type="hidden" name="from" value="grant" />
          ${selectField({
            id: 'withdraw-vin',
            name: 'vin',
            label: 'One vehicle',
            options: grant.vehicles.map(({ vin, model }) => ({ value: vin, label: `${model} ${vin}` })),
          })}
          <button class="danger">The owner withdraws it</button>`,
      )
    }
  </section>`;
};
