import { createEndpoints } from '@keyfob/server/wire';
import { testRandomness } from '../support/test-randomness.ts';
import { createAuthentication } from '../support/authentication.ts';
import { readAnswer, writeRefresh } from '../support/token-requests.ts';
import type { Answer } from '../support/token-requests.ts';
import type { GrantRecord } from './records.ts';
import type { World } from './world.ts';

/** A copy of the deployment without faults. It shows what a token would get, and can be reset. */
export type Rehearsal = {
  present(grant: GrantRecord, token: string): Promise<Answer>;
  advanceSeconds(seconds: number): void;
  isRevoked(grant: GrantRecord): Promise<boolean | undefined>;
  /** Restores the initial state. */
  reset(): Promise<void>;
};

/** Longer than any overlap or race. A repeat after this time has another reason. */
export const PAST_EVERY_OVERLAP_SECONDS = 1000;

/** Starts `PAST_EVERY_OVERLAP_SECONDS` after the latest time that any node's clock has shown. Every client is enabled. */
export const rehearse = async (world: World): Promise<Rehearsal> => {
  const store = await world.store.copy();
  for (const { id, disabledAtMs } of await store.listClients())
    if (disabledAtMs !== undefined) await store.changeClient(id, { disabledAtMs: null });
  const beginning = await store.backUp();
  const latestMs = world.presentations.reduce(
    (latest, { decision }) => Math.max(latest, decision?.clockMs ?? 0),
    world.schedule.nowMs(),
  );
  let nowMs = 0;
  let isTouched = false;
  const reset = async (): Promise<void> => {
    if (isTouched) await beginning.load();
    isTouched = false;
    nowMs = latestMs + PAST_EVERY_OVERLAP_SECONDS * 1000;
  };
  await reset();
  const endpoints = createEndpoints({
    issuer: 'https://fob.example',
    store,
    authentication: createAuthentication(store, () => {}),
    keyRing: world.keys.ring(),
    noticeKeys: () => false,
    nextSerial: () => 1,
    clock: () => nowMs,
    doubt: () => undefined,
    randomness: testRandomness,
    emit: () => {},
  });
  return {
    async present(grant, token) {
      isTouched = true;
      const { dialect } = grant.owner.plan;
      const words = {
        clientId: grant.owner.client.id,
        clientSecret: grant.owner.secret,
        refreshToken: token,
        brand: grant.plan.brand ?? 'kia',
        idempotencyKey: undefined,
      };
      const caller = { address: 'rehearsal', userAgent: 'rehearsal/1' };
      return readAnswer[dialect](await endpoints.respond(writeRefresh[dialect](words), caller));
    },
    advanceSeconds: (seconds) => void (nowMs += seconds * 1000),
    isRevoked: async ({ id }) => {
      const grant = await store.readGrant(id);
      return grant === undefined ? undefined : grant.revocation !== undefined;
    },
    reset,
  };
};
