import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toMillis } from '@keyfob/server/grants';
import { sealRefreshToken, uuidV4Shape } from '@keyfob/server/tokens';
import { createResourceTrial } from './resource-trial.ts';

/** The caller of every request of the trial. */
const CALLER = { address: '192.0.2.7', userAgent: 'trial/1' };

for (const [what, rotatedBy, differs] of [
  ['its first user', CALLER, undefined],
  ['another address', { ...CALLER, address: '198.51.100.1' }, 'address'],
  ['another program', { ...CALLER, userAgent: 'curl/8' }, 'user_agent'],
] as const)
  test(`a repeat within the overlap, after a use by ${what}, ${differs === undefined ? 'is nothing to look at' : 'is reported with both callers'}`, async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar');
    const rotatedAtMs = [toMillis(trial.nowSeconds())];
    const { grant, refreshToken: successor } = await trial.grant(app, {
      generation: 1,
      rotatedAtMs,
      rotatedBy,
    });
    const used = sealRefreshToken(trial.context.keyRing.seal.active, uuidV4Shape, grant.id, 0);
    const answer = await trial.refresh(app, used);
    assert.deepEqual([answer.status, answer.body['refresh_token']], [200, successor]);
    assert.deepEqual(
      trial.events.map(({ event }) => event),
      differs === undefined ? ['refresh.repeated'] : ['refresh.repeated_by_other', 'refresh.repeated'],
    );
    const [event] = trial.events;
    if (event?.event !== 'refresh.repeated_by_other') return;
    assert.deepEqual([event.caller, event.firstUsedBy, event.differs], [CALLER, rotatedBy, differs]);
    assert.equal(event.clientId, app.client.id);
  });
