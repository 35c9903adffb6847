import { KeeperError } from '../errors.ts';
import { preparePut } from './put.ts';
import type { PutOptions, Tokens } from './put.ts';
import { keptStatus } from './put-result.ts';
import type { Engine } from '../refresh/engine.ts';
import type { Put, PutResult, PutStatus } from '../stores/store.ts';

/** One row of an import. */
export type PutRow = PutOptions & {
  readonly name: string;
  readonly client: string;
  readonly tokens: Tokens;
};

/** How a row ended. `refused` says why, and what helps; nothing of the row was stored. */
export type PutRowResult =
  | {
      readonly status: PutStatus;
      readonly grantId: string;
      /** Another connection of the same grant, where the row is `linked`. */
      readonly sharedWith?: string | undefined;
    }
  | { readonly status: 'refused'; readonly code: string; readonly reason: string; readonly remedy: string };

/** So many rows share one transaction. More would keep the event loop busy for too long. */
const AT_ONCE = 200;

/**
 * Keeps many pairs. Each row stands for itself: one that is refused stops no other. When it resolves, all results are on
 * disk. To do it again is harmless, so an import that was interrupted starts from the beginning: what is stored is `known`,
 * and what came before it `outdated`. Of two rows of one connection the one with the later `obtainedAtMs` stays; without
 * it, the last one.
 */
export const putMany = async (engine: Engine, rows: readonly PutRow[]): Promise<readonly PutRowResult[]> => {
  const results: PutRowResult[] = [];
  for (let from = 0; from < rows.length; from += AT_ONCE)
    results.push(...(await putBatch(engine, rows.slice(from, from + AT_ONCE))));
  return results;
};

const putBatch = async (engine: Engine, rows: readonly PutRow[]): Promise<readonly PutRowResult[]> => {
  const prepared = rows.map((row) => prepare(engine, row));
  const puts = prepared.filter((one): one is Put => !('status' in one));
  const stored = puts.length === 0 ? [] : await engine.store.putMany(puts);
  const byPut = new Map(puts.map((put, index) => [put, stored[index]]));
  return Promise.all(
    prepared.map(async (one) => {
      if ('status' in one) return one;
      const result = byPut.get(one);
      if (result === undefined) throw new Error('a store returned fewer results than puts');
      return toRowResult(engine, one, result);
    }),
  );
};

const toRowResult = async (engine: Engine, put: Put, result: PutResult): Promise<PutRowResult> => {
  const { id: grantId } = result.grant;
  try {
    const status = await keptStatus(engine, put, result);
    if (status !== 'linked') return { status, grantId };
    const names = await engine.store.connectionsOf(grantId);
    return { status, grantId, sharedWith: names.find((name) => name !== put.name) };
  } catch (error) {
    return toRefusal(error);
  }
};

type Refusal = Extract<PutRowResult, { status: 'refused' }>;

const toRefusal = (error: unknown): Refusal => {
  if (!(error instanceof KeeperError)) throw error;
  const { code, message: reason, remedy } = error;
  return { status: 'refused', code, reason, remedy };
};

const prepare = (engine: Engine, { name, client, tokens, ...options }: PutRow): Put | Refusal => {
  try {
    const put = preparePut(engine, name, client, tokens, options);
    // A table may have a connection twice, in any order.
    const { refreshToken, obtainedAtMs } = tokens;
    if (obtainedAtMs === undefined) return put;
    // When a row was written is often taken for it: that makes no token live again.
    const givenAtMs = refreshToken === undefined ? put.givenAtMs : undefined;
    return { ...put, issuedAtMs: Math.floor(obtainedAtMs), givenAtMs };
  } catch (error) {
    return toRefusal(error);
  }
};
