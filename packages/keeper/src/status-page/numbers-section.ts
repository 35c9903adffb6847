import type { ConsentCause } from '../grants/grant.ts';
import { CAUSES } from '../operations/explain-state.ts';
import type { Overview, OverviewNumbers } from '../operations/read-overview.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { showCount } from './moments.ts';

type Mood = 'good' | 'calm' | 'warn' | 'wrong';
type Card = { readonly name: string; readonly count: number; readonly mood: Mood; readonly note: Content };

/** The five numbers. */
export const renderNumbers = ({ numbers, connections }: Overview): Html => {
  const { active, atRisk, needsConsent, dueNextHour, overdue } = numbers;
  const lost = Object.values(numbers.lostThisWeek).reduce((sum, count) => sum + count, 0);
  const cards: readonly Card[] = [
    { name: 'Active', count: active, mood: 'good', note: `of ${showCount(connections)} connections` },
    {
      name: 'At risk',
      count: atRisk,
      mood: atRisk > 0 ? 'warn' : 'calm',
      note: atRisk > 0 ? 'a refresh is in doubt' : 'no refresh is in doubt',
    },
    {
      name: 'Needs consent',
      count: needsConsent,
      mood: needsConsent > 0 ? 'wrong' : 'calm',
      note: needsConsent > 0 ? 'only the owner can help' : 'no owner is needed',
    },
    {
      name: 'Lost this week',
      count: lost,
      mood: lost > 0 ? 'wrong' : 'calm',
      note: lost > 0 ? renderCauses(numbers) : 'none',
    },
    {
      name: 'Due next hour',
      count: dueNextHour,
      mood: overdue > 0 ? 'warn' : 'calm',
      note: renderBudget(numbers),
    },
  ];
  return html`<section aria-labelledby="numbers">
    <h2 id="numbers" class="unseen">Five numbers</h2>
    <dl class="numbers">${cards.map(renderCard)}</dl>
  </section>`;
};

const renderCard = ({ name, count, mood, note }: Card): Html =>
  html`<div class="number ${mood}">
    <dt>${name}</dt>
    <dd><strong>${showCount(count)}</strong> <span>${note}</span></dd>
  </div>`;

const SHORT: Readonly<Record<ConsentCause, string>> = {
  revoked: 'revoked',
  expired: 'expired',
  lost_response: 'answer lost',
  sharing_withdrawn: 'sharing withdrawn',
  disconnected: 'disconnected',
  not_connected: 'not connected',
};

const renderCauses = ({ lostThisWeek }: OverviewNumbers): Content =>
  Object.entries(lostThisWeek).map(([name, count], at) => {
    const cause = name as ConsentCause;
    return html`${at > 0 && ', '}<span title="${CAUSES[cause]}">${showCount(count)} ${SHORT[cause]}</span>`;
  });

const renderBudget = ({ dueNextHour, budgetPerHour, overdue }: OverviewNumbers): Content => {
  const share = budgetPerHour === 0 ? 0 : Math.min(1, dueNextHour / budgetPerHour);
  const width = share === 0 ? 0 : Math.max(1, Math.round(share * 100));
  return html`${overdue > 0 && `${showCount(overdue)} overdue, `}budget ${showCount(budgetPerHour)}
    <svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="4" class="rail" />
      <rect width="${width}" height="4" class="fill" />
    </svg>`;
};
