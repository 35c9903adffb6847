import { STORE_UNAVAILABLE, StoreError } from '../errors.ts';
import { MEANINGS } from '../grants/answer-class.ts';
import { pausedUntil } from '../grants/client-facts.ts';
import { decideFailure, pauseAskedFor, rulingOf } from '../grants/decide.ts';
import type { Grant } from '../grants/grant.ts';
import { wasMaybeUsed } from '../grants/lost-use.ts';
import type { Client } from '../providers/clients.ts';
import type { AttemptEnd } from '../stores/store.ts';
import type { Send } from './converse.ts';
import { endsOf } from './ends.ts';
import type { Engine } from './engine.ts';
import { sealAnswer } from './pair.ts';
import type { Refreshed } from './refreshed.ts';
import { reportDeath } from './report.ts';
import { useSpare } from './spares.ts';

/** The second transaction where no pair came: what that means for the grant and its client. */
export const concludeFailure = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  sends: readonly Send[],
): Promise<Refreshed> => {
  const { store, timing, book } = engine;
  const ended = sends.flatMap(({ ending, sentAtMs }) =>
    ending === undefined ? [] : [{ ...ending.answer, sentAtMs }],
  );
  const found = rulingOf(ended)?.class ?? 'not_sent';
  const code = sends.find(({ ending }) => ending?.answer.class === found)?.ending?.answer.code ?? found;
  const nowMs = store.nowMs();
  const verdict =
    found === 'unclear' || found === 'unrecognised'
      ? await book.noteUnclear(grant.client, {
          grantId: grant.id,
          sentAtMs: nowMs,
          isRecognised: found === 'unclear',
        })
      : 'wait';
  const ends = verdict === 'grant' ? endsOf(sends).map(asVerdict) : endsOf(sends);
  const isRefused = found === 'grant_rejected' || verdict === 'grant';
  if (isRefused) {
    // A send of the generation before may still bring the pair that lives.
    await engine.late.get(grant.id);
    const spare = await useSpare(engine, client, grant, ends);
    if (spare !== undefined) return spare;
  }
  const isClient = MEANINGS[found].stopsClient || verdict === 'client';
  const clientRetryAtMs = isClient ? await book.noteRefused(grant.client, code) : undefined;
  const pauseMs = pauseAskedFor(ended, client.provider, timing);
  if (pauseMs !== undefined) await book.notePause(grant.client, nowMs + pauseMs);
  try {
    const { change, events } = decideFailure({
      grant,
      ended,
      verdict,
      wasMaybeUsed: isRefused && (await wasUsedBefore(engine, grant, sends)),
      clientRetryAtMs,
      pausedUntilMs: pausedUntil(book.facts(grant.client), nowMs),
      client,
      timing,
      nowMs,
      latest: store.latest,
      chance: engine.chance(),
    });
    const keep = sends.flatMap(({ attemptId: id, sentAtMs, ending }) =>
      ending?.answer.class === 'unusable'
        ? [
            sealAnswer(engine.keys, grant, {
              id,
              sentAtMs,
              receivedAtMs: ending.receivedAtMs,
              body: ending.answer.body,
            }),
          ]
        : [],
    );
    engine.atStep('before_settle');
    const settled = await store.settle(grant.id, grant, {
      change,
      events,
      ended: ends,
      keep,
    });
    engine.atStep('after_settle');
    const now = settled.grant;
    const isDead = now === undefined || now.state === 'dead' || now.state === 'closed';
    // One that came since the last look was kept beside a row that lived: nobody else brings it back.
    const late =
      settled.isDone && isRefused && now?.state === 'dead'
        ? await useSpare(engine, client, now, [])
        : undefined;
    if (late !== undefined) return late;
    if (settled.isDone) reportDeath(engine, now);
    if (!settled.isDone || isDead) return { kind: 'over', grant: now, reason: now?.state ?? 'gone' };
    return { kind: 'later', grant: now, reason: reasonFor(found), retryAtMs: now.due?.atMs };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // The row stays as claimed. When the lease is over, it is treated as sent and unanswered, which is safe.
    engine.log({ event: 'store.failed', during: 'settle', reason: error.message });
    return { kind: 'later', grant, reason: STORE_UNAVAILABLE, retryAtMs: nowMs + timing.leaseMs };
  }
};

/** So many sends of a token are looked at. A token that was sent more often has met an outage. */
const SENDS_MAX = 100;

const wasUsedBefore = async ({ store }: Engine, grant: Grant, sends: readonly Send[]): Promise<boolean> =>
  wasMaybeUsed(
    grant,
    await store.attempts(grant.id, SENDS_MAX),
    new Set(sends.map(({ attemptId }) => attemptId)),
  );

/** A refusal that did not say itself whose fault it is: other grants have shown that. */
const asVerdict = (end: AttemptEnd): AttemptEnd =>
  end.outcome === 'unclear' ? { ...end, outcome: 'grant_rejected' } : end;

const reasonFor = (found: string): string =>
  ({
    not_sent: 'provider_unreachable',
    rate_limited: 'client_throttled',
    ambiguous: 'no_answer',
    unusable: 'answer_unreadable',
    unclear: 'refusal_unclear',
    unrecognised: 'refusal_unclear',
    client_rejected: 'client_misconfigured',
    bug: 'client_misconfigured',
  })[found] ?? found;
