import type { viewFinding, viewKey } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import { VERDICTS } from '../../operations/doctor/finding.ts';
import type { ServerExamined } from '../../operations/doctor/finding.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { badge, change, moment, table, tabs } from './parts.ts';

type Finding = ReturnType<typeof viewFinding>;
type Key = ReturnType<typeof viewKey>;

/** The pages about the server itself. */
export const systemTabs = ({ texts }: ConsoleVisit, here: string): Content =>
  tabs(
    texts.system.title,
    [
      ['/console/system', texts.system.title],
      ['/console/nodes', texts.nodes.title],
    ],
    here,
  );

/** Keys with what depends on each, and what this node finds of itself. */
export const systemPage = (
  visit: ConsoleVisit,
  {
    keys,
    findings,
    elsewhere,
    isCounted,
  }: {
    readonly keys: readonly Key[];
    readonly findings: readonly Finding[];
    readonly elsewhere: ServerExamined['elsewhere'];
    /** Whether the grants of each key were counted. */
    readonly isCounted: boolean;
  },
): ConsolePage => {
  const { texts } = visit;
  const mayWrite = visit.may('keys.write');
  const columns = [
    texts.system.number,
    texts.system.purpose,
    texts.system.state,
    texts.system.since,
    texts.system.depends,
    ...(mayWrite ? [texts.system.withdraw] : []),
  ];
  const rows = keys.map((key) => [
    html`<strong>${key.number}</strong> <code class="quiet">${key.fingerprint}</code>`,
    key.purpose,
    html`${badge(keyBadge(key.state), texts.system.states[key.state])}
    ${!key.isInRing && key.state !== 'retired' && badge('bad', texts.system.missing)}`,
    moment(visit, key.since),
    dependantsOf(visit, key),
    ...(mayWrite ? [withdrawalOf(visit, key)] : []),
  ]);
  return {
    title: texts.system.title,
    part: 'system',
    content: html`
      <header class="title">
        ${systemTabs(visit, '/console/system')}
        <h1>${texts.system.title}</h1>
      </header>
      <section>
        <h2>${texts.system.findings}</h2>
        ${renderFindings(visit, findings)} ${elsewhere.length > 0 && renderElsewhere(visit, elsewhere)}
      </section>
      <section>
        <h2>${texts.system.keys}</h2>
        <p class="hint">${texts.system.hint}</p>
        ${table(texts.system.keys, columns, rows)}
        ${!isCounted && html`<p class="more"><a href="/console/system?count=1">${texts.system.countGrants}</a></p>`}
        ${
          mayWrite &&
          change(visit, {
            id: 'why-rotate',
            action: '/console/keys/rotate',
            title: texts.system.rotate,
            hint: texts.system.rotateHint,
            kind: 'primary',
          })
        }
      </section>
    `,
  };
};

/** What needs a look comes first; all that is fine is one line until somebody opens it. */
const renderFindings = (visit: ConsoleVisit, findings: readonly Finding[]): Content => {
  const { texts } = visit;
  const list = (some: readonly Finding[]): Content =>
    html`<ul class="findings">
      ${some.map((finding) => renderFinding(visit, finding))}
    </ul>`;
  const fine = findings.filter(({ verdict }) => verdict === 'ok');
  const others = findings.filter(({ verdict }) => verdict !== 'ok').sort(worstFirst);
  return html`${others.length > 0 && list(others)}
    <details class="fine">
      <summary>${badge('good', texts.system.fine)} ${texts.system.fineChecks(fine.length)}</summary>
      ${list(fine)}
    </details>`;
};

const worstFirst = (left: Finding, right: Finding): number =>
  VERDICTS.indexOf(right.verdict) - VERDICTS.indexOf(left.verdict);

const VERDICT_BADGES = { ok: 'good', warn: 'warn', fail: 'bad' } as const;

const renderFinding = ({ texts }: ConsoleVisit, { check, verdict, finding, remedy }: Finding): Content =>
  html`<li>
    ${badge(VERDICT_BADGES[verdict], verdict === 'ok' ? texts.system.fine : texts.system.look)}
    <strong>${texts.system.checks[check]}</strong>
    ${finding === null ? html`<span class="quiet">${texts.hidden}</span>` : html`<span>${finding}</span>`}
    ${remedy !== null && html`<span class="hint">${remedy}</span>`}
  </li>`;

const renderElsewhere = ({ texts }: ConsoleVisit, elsewhere: ServerExamined['elsewhere']): Content =>
  html`<p class="hint">${texts.system.elsewhere}</p>
    <ul class="findings">
      ${elsewhere.map(
        ({ check, command }) =>
          html`<li><strong>${texts.system.checks[check]}</strong> <code>${command}</code></li>`,
      )}
    </ul>`;

const keyBadge = (state: string): 'good' | 'plain' | 'bad' =>
  state === 'active' ? 'good' : state === 'compromised' ? 'bad' : 'plain';

/** The active key of a purpose stays, and a retired one is gone. */
const withdrawalOf = (visit: ConsoleVisit, { number, state }: Key): Content => {
  const { texts } = visit;
  if (state === 'active' || state === 'retired') return texts.none;
  return change(visit, {
    id: `why-key-${number}`,
    action: `/console/keys/${number}/withdraw`,
    title: texts.system.withdraw,
    hint: texts.system.withdrawHint,
    kind: 'danger',
    fields: html`<p class="field">
        <label for="state-${number}">${texts.system.as}</label>
        <select id="state-${number}" name="state">
          <option value="retired">${texts.system.retired}</option>
          ${state !== 'compromised' && html`<option value="compromised">${texts.system.compromised}</option>`}
        </select>
      </p>
      <p class="field">
        <label for="days-${number}">${texts.system.days}</label>
        <input
          id="days-${number}"
          name="days"
          inputmode="numeric"
          pattern="[0-9]{1,4}"
          value="7"
          autocomplete="off"
        />
      </p>
      <p class="check">
        <label><input type="checkbox" name="confirmed" value="yes" /> ${texts.system.confirmed}</label>
      </p>`,
  });
};

const dependantsOf = ({ texts }: ConsoleVisit, { grants, webhooks, isInUse }: Key): Content => {
  if (grants === null) return html`<span class="quiet">${texts.system.notCounted}</span>`;
  if (grants > 0) return texts.system.grants(grants);
  if (webhooks > 0) return texts.system.webhooks(webhooks);
  return isInUse === true ? texts.system.inUse : texts.none;
};
