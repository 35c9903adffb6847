import type { Grant } from '../grants/grant.ts';
import { isConnectionFailure } from '../grants/outage.ts';
import { skewShownBy } from '../grants/skew.ts';
import type { Client } from '../providers/clients.ts';
import { claimGrant } from './claim.ts';
import { concludeFailure } from './conclude-failure.ts';
import { converse, successOf } from './converse.ts';
import type { Right, Send } from './converse.ts';
import { endsOf } from './ends.ts';
import type { Engine } from './engine.ts';
import { keepPair, keepStored } from './keep.ts';
import type { Success } from './keep.ts';
import { awaitLate } from './late.ts';
import { openPair } from './pair.ts';
import type { Refreshed } from './refreshed.ts';
import { reportRecovered } from './report.ts';

/**
 * One refresh, from the claim to the stored pair: claim (first transaction), send, wait, keep or decide (second
 * transaction). A grant that has another pair by now than the seen one is left alone. Nobody can cancel it. Rejects only for bugs and for a store that is away before anything was sent.
 */
export const refreshGrant = async (engine: Engine, seen: Grant): Promise<Refreshed> => {
  const claimed = await claimGrant(engine, seen);
  switch (claimed.kind) {
    case 'busy':
      return { kind: 'busy', grant: claimed.grant, reason: 'refreshing' };
    case 'waiting':
      return { kind: 'later', grant: claimed.grant, reason: claimed.reason, retryAtMs: claimed.untilMs };
    case 'over':
      return { kind: 'over', grant: claimed.grant, reason: claimed.grant?.state ?? 'gone' };
    case 'answered': {
      const grant = await keepStored(engine, claimed.grant, claimed.answers);
      reportRecovered(engine, claimed.grant, 'stored_answer');
      return { kind: 'refreshed', grant, reason: 'answer_was_stored' };
    }
    case 'claimed': {
      const client = engine.clients.get(claimed.grant.client);
      if (client === undefined) throw new Error(`no client "${claimed.grant.client}"`);
      try {
        return await sendAndConclude(engine, client, claimed);
      } finally {
        engine.leases.release(seen.id);
      }
    }
  }
};

const sendAndConclude = async (engine: Engine, client: Client, right: Right): Promise<Refreshed> => {
  const { grant, sends } = await converse(engine, client, right);
  const successes = sends
    .map(successOf)
    .filter((success) => success !== undefined)
    .toReversed();
  const refreshed = await conclude(engine, client, grant, sends, successes);
  await noteReach(engine, grant.client, sends);
  const open = sends.filter(({ ending }) => ending === undefined);
  if (open.length > 0) awaitLate(engine, grant, open);
  engine.atStep('before_return');
  return refreshed;
};

/** An answer with any status shows that the provider can be reached. Connections that fail one after the other are an outage. */
const noteReach = async ({ book }: Engine, client: string, sends: readonly Send[]): Promise<void> => {
  const answered = sends.findLast(({ ending }) => ending?.answer.status !== undefined);
  if (answered !== undefined) return book.noteAnswered(client, answered.sentAtMs);
  const answers = sends.flatMap(({ ending }) => ending?.answer ?? []);
  const failure = answers.find((answer) => answer.class === 'not_sent' && isConnectionFailure(answer.code));
  if (failure !== undefined) await book.noteFailedConnection(client, failure.code);
};

/** The second transaction: the pair, or what its absence means. */
const conclude = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  sends: readonly Send[],
  successes: readonly Success[],
): Promise<Refreshed> => {
  const [latest, ...spares] = successes;
  if (latest === undefined) return concludeFailure(engine, client, grant, sends);
  const kept = await keepPair(engine, grant, latest, { ended: endsOf(sends), spares });
  if (kept.waits === true) return { kind: 'busy', grant: kept.grant, reason: 'refreshing' };
  const { pair, stated } = latest.answer;
  const other = spares[0]?.answer.pair.refreshToken;
  await engine.book.noteSuccess(grant.client, {
    atMs: latest.sentAtMs,
    grantId: grant.id,
    secret: sends.find(({ attemptId }) => attemptId === latest.id)?.secret ?? '',
    skewMs: skewShownBy({ ...latest, providerMs: latest.answer.providerMs }),
    seen: {
      accessSeconds: stated.expiresIn,
      refreshSeconds: stated.refreshExpiresIn,
      rotates:
        client.provider.grantType === 'refresh_token' && pair.refreshToken !== undefined
          ? pair.refreshToken !== openPair(engine.keys, grant).refreshToken
          : undefined,
      accessToken: latest.answer.class === 'refresh_only' ? 'unusable' : 'usable',
      repeatGives: other === undefined ? undefined : other === pair.refreshToken ? 'same_pair' : 'new_pair',
    },
  });
  if (grant.sends.count > 1)
    reportRecovered(engine, grant, client.provider.repeats.kind === 'overlap' ? 'repeat' : 'probe');
  if (latest.answer.class === 'refresh_only')
    return {
      kind: 'later',
      grant: kept.grant,
      reason: 'access_token_unusable',
      retryAtMs:
        kept.grant.due?.rank === 0 ? kept.grant.due.atMs : engine.store.nowMs() + engine.timing.scanMs,
    };
  const refreshed = { kind: 'refreshed', grant: kept.grant, reason: 'refreshed' } as const;
  return kept.isSaved ? refreshed : { ...refreshed, unsaved: pair };
};
