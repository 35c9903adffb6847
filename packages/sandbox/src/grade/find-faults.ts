import type { Standing } from './best-client.ts';
import type { Exchange, History, HistoryEvent, Need } from './history.ts';
import type { FindingKind } from './judgement.ts';

type Found = { readonly kind: FindingKind; readonly need: number };

/** More token requests than this in one run are too many, whatever the answers are. */
const REQUESTS_PER_RUN_MAX = 6;
/** Requests of one run that ignore `Retry-After`, or a dead token: one is a retry, two are a storm. */
const IGNORED_PER_RUN_MAX = 1;
/** The same over the whole scenario, in which callers come one after the other. */
const IGNORED_MAX = 3;

/** Everything that the command did wrong, each kind once per need. `standings` belong to the events, one each. */
export const findAll = (history: History, standings: readonly Standing[]): readonly Found[] => {
  const { events } = history;
  const found = [
    ...events.flatMap((event, index) => findAt(event, standings[index], standings[index - 1])),
    ...findHammering(events),
    ...findSilence(events, standings.at(-1)),
  ];
  const seen = new Set<string>();
  const unique = found.filter(({ kind, need }) => {
    const key = `${kind} ${need}`;
    return !seen.has(key) && seen.add(key);
  });
  return unique.sort((one, other) => one.need - other.need);
};

const findAt = (
  event: HistoryEvent,
  standing: Standing | undefined,
  before: Standing | undefined,
): readonly Found[] => {
  switch (event.kind) {
    case 'leaked':
      return [{ kind: 'leaked_secret', need: event.need }];
    case 'exchange':
      return isReuse(event, before) ? [{ kind: 'reused_old_token', need: event.need }] : [];
    case 'need':
      return findInAnswers(event, standing);
    case 'rolled_back':
    case 'ended':
      return [];
  }
};

/** A token whose successor had reached the command whole, outside of what the rule allows. */
const isReuse = ({ presented, verdict }: Exchange, before: Standing | undefined): boolean =>
  presented !== undefined &&
  before !== undefined &&
  before.impossible === undefined &&
  (verdict === 'refuse' || verdict === 'replay') &&
  presented < before.reached;

const findInAnswers = ({ answers, need }: Need, standing: Standing | undefined): readonly Found[] => {
  const isAlive = standing?.impossible === undefined && standing?.blame === undefined;
  return answers.flatMap(({ kind }): readonly Found[] => {
    if (kind === 'unusable') return [{ kind: 'unusable_token', need }];
    if (kind === 'hung') return [{ kind: 'hung', need }];
    return kind === 'consent' && isAlive ? [{ kind: 'asked_needlessly', need }] : [];
  });
};

const findHammering = (events: readonly HistoryEvent[]): readonly Found[] => {
  const exchanges = events.filter((event) => event.kind === 'exchange');
  const found: Found[] = [];
  let ignoredInAll = 0;
  for (const need of events.filter((event) => event.kind === 'need')) {
    const own = exchanges.filter((exchange) => exchange.need === need.need);
    const ignored = own.filter((exchange) => isIgnoring(exchange, exchanges)).length;
    ignoredInAll += ignored;
    const runs = need.answers.length;
    const isStorm = ignored > IGNORED_PER_RUN_MAX * runs || own.length > REQUESTS_PER_RUN_MAX * runs;
    if (isStorm || (ignored > 0 && ignoredInAll > IGNORED_MAX))
      found.push({ kind: 'hammered', need: need.need });
  }
  return found;
};

/** Sent in a time for which an earlier answer had asked for silence, or with a token that an earlier answer had called dead. */
const isIgnoring = (exchange: Exchange, all: readonly Exchange[]): boolean =>
  all
    .slice(0, all.indexOf(exchange))
    .some(
      (earlier) =>
        earlier.reached === 'all' &&
        ((earlier.silentUntilMs !== undefined && livedMs(exchange) < earlier.silentUntilMs) ||
          (isDead(earlier) && earlier.presented === exchange.presented)),
    );

const isDead = ({ verdict, presented }: Exchange): boolean =>
  presented !== undefined && (verdict === 'refuse' || verdict === 'replay');

/** The clock of a world may stand still while a command waits, so the real wait counts as well. */
const livedMs = ({ atMs, waitedMs }: Exchange): number => atMs + waitedMs;

/** The grant is dead, and the last answer was not the one that reports it. */
const findSilence = (events: readonly HistoryEvent[], last: Standing | undefined): readonly Found[] => {
  const need = events.findLast((event) => event.kind === 'need');
  if (need === undefined || last === undefined) return [];
  const isDeadNow = last.impossible !== undefined || last.blame !== undefined;
  const isQuiet = need.answers.every(({ kind }) => kind !== 'token' && kind !== 'consent');
  return isDeadNow && isQuiet ? [{ kind: 'never_asked', need: need.need }] : [];
};
