import type { JournalEntry } from '../journal/entry.ts';
import type { SeenRequest } from './grade-world.ts';

/** A request of the journal as the judge reads it. `arrivedAt` is real time. */
export const seeRequest = (entry: JournalEntry, arrivedAt: number): SeenRequest => {
  const { number, stage, atMs, verdict, answer, token } = entry;
  const presented = generationOf(token);
  const issued = issuedBy(entry, presented);
  const given = generationOf(answer?.refreshToken);
  // Some vendors leave out a refresh token that stays.
  const isKept = verdict === 'repeat' && issued === presented && answer?.accessToken !== undefined;
  return {
    number,
    stage,
    arrivedAt,
    atMs,
    presented,
    verdict: JUDGED.find((one) => one === verdict) ?? 'unjudged',
    issued,
    // A whole answer that lacks the token, because a fault has replaced or cut it, is as good as none.
    reached: reachedOf(entry, issued !== undefined && given === undefined && !isKept),
    status: entry.delivered === 'all' || entry.delivered === 'part' ? answer?.status : undefined,
    hasRevoked: verdict === 'replay',
    says: describe(entry),
  };
};

const JUDGED = ['rotate', 'repeat', 'resync', 'refuse', 'replay'] as const;

/** The generation in the name of a refresh token, such as 3 in `g1/3`. */
const generationOf = (name: string | undefined): number | undefined => {
  const digits = /^g\d+\/(\d+)$/.exec(name ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
};

const issuedBy = (
  { verdict, answer, isCommitted, faults }: JournalEntry,
  presented: number | undefined,
): number | undefined => {
  if (presented === undefined) return undefined;
  const given = generationOf(answer?.refreshToken);
  if (verdict === 'rotate' || verdict === 'resync') return given ?? presented + 1;
  if (verdict === 'repeat') return given ?? (isCommitted ? presented + 1 : presented);
  // A request that a proxy sent twice: the first was exchanged, and the second is the one that was refused.
  return verdict === 'refuse' && isCommitted && faults.length > 0 ? presented + 1 : undefined;
};

const reachedOf = ({ delivered }: JournalEntry, isWithoutToken: boolean): SeenRequest['reached'] => {
  if (delivered === 'all') return isWithoutToken ? 'nothing' : 'all';
  return delivered === 'part' ? 'part' : 'nothing';
};

const describe = ({ token, says, answer, delivered }: JournalEntry): string => {
  const status =
    answer === undefined ? '' : ` ${answer.isMadeUp ? 'A fault answered' : 'Answer'} ${answer.status}`;
  return `${token ?? 'no token'}: ${says}${status}${DELIVERED[delivered]}.`;
};

const DELIVERED: Readonly<Record<JournalEntry['delivered'], string>> = {
  all: '',
  part: ', of which a part arrived',
  none: ', of which nothing arrived',
  client_gone: ', and the command had gone',
  pending: ', still open',
};
