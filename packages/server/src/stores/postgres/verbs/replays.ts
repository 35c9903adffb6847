import { ON_REPLAY } from '../../../clients/policy.ts';
import type { Replay, ReplayRecord } from '../../../grants/replay.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import { damaged, toCaller, toNumber } from './rows.ts';
import type { Query, Transaction } from '../connection/transaction.ts';

const UPSERT = `INSERT INTO replays AS r (grant_id, times, at_ms, generation, gap, since_rotation_ms, response, looks_like,
    caller_address, caller_user_agent, rotated_by_address, rotated_by_user_agent)
  VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (grant_id) DO UPDATE SET times = r.times + 1, at_ms = excluded.at_ms, generation = excluded.generation,
    gap = excluded.gap, since_rotation_ms = excluded.since_rotation_ms, response = excluded.response,
    looks_like = excluded.looks_like, caller_address = excluded.caller_address,
    caller_user_agent = excluded.caller_user_agent, rotated_by_address = excluded.rotated_by_address,
    rotated_by_user_agent = excluded.rotated_by_user_agent`;

/** Stores a replay as the last one of its grant, and counts it. */
export const writeReplay = ({ write }: Transaction, id: GrantId, replay: Replay): void => {
  const { atMs, generation, gap, sinceRotationMs = null, response, looksLike } = replay;
  const by = [replay.caller, replay.rotatedBy].flatMap((one) => [
    one?.address ?? null,
    one?.userAgent ?? null,
  ]);
  write(UPSERT, [id, atMs, generation, gap, sinceRotationMs, response, looksLike, ...by]);
};

export const readReplay = async (query: Query, id: GrantId): Promise<ReplayRecord | undefined> => {
  const [row] = await query('SELECT * FROM replays WHERE grant_id = $1', [id]);
  if (row === undefined) return undefined;
  return {
    times: Number(row['times']),
    atMs: Number(row['at_ms']),
    generation: Number(row['generation']),
    gap: Number(row['gap']),
    sinceRotationMs: toNumber(row['since_rotation_ms']),
    response: ON_REPLAY.find((name) => name === row['response']) ?? damaged('replays.response'),
    looksLike: row['looks_like'] === 'lost_answer' ? 'lost_answer' : 'theft',
    caller: toCaller(row['caller_address'], row['caller_user_agent']),
    rotatedBy: toCaller(row['rotated_by_address'], row['rotated_by_user_agent']),
  };
};
