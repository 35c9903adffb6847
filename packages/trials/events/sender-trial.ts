import type { TestContext } from 'node:test';
import type { LogEvent } from '@keyfob/server';
import type { Store } from '@keyfob/server/stores';
import { createKeyLines, parseKeyRing } from '@keyfob/server/tokens';
import { createSender, writeWebhookSecret } from '@keyfob/server/webhooks';
import type { Sender, Webhook } from '@keyfob/server/webhooks';
import { OVERLAP_POLICY, sampleClient, sampleGrant } from '../support/samples.ts';
import { deliverLocally } from '../support/webhook-receiver.ts';
import { createMemoryStore } from '../support/memory-store/store.ts';

/** A sender with its own store and a clock that the test moves. */
export type SenderTrial = {
  readonly store: Store;
  readonly sender: Sender;
  readonly events: LogEvent[];
  /** Integer milliseconds. */
  nowMs: number;
  monotonicMs: number;
  /** Moves the clock, wakes the sender, and resolves when nothing is due or running. */
  advance(ms: number): Promise<void>;
  /** Creates another sender on the same store, as in another process. */
  another(): Sender;
  addWebhook(url: string, more?: Partial<Webhook>): Promise<{ readonly id: string; readonly secret: string }>;
  /** Creates a grant and revokes it. The webhooks of the trial subscribe to the revocation. */
  makeGrantEvent(): Promise<void>;
};

/** Starts at the time of the machine's clock, because receivers refuse old signatures. */
export const openSenderTrial = async (
  scope: Pick<TestContext, 'after'>,
  store: Store = createMemoryStore(),
  grantEventDays = 30,
): Promise<SenderTrial> => {
  const keyRing = parseKeyRing(createKeyLines(1, 1));
  const events: LogEvent[] = [];
  let [grants, webhooks] = [0n, 0];
  const create = (): Sender =>
    createSender({
      store,
      keyRing: () => keyRing,
      noticeKeys: () => true,
      clock: () => trial.nowMs,
      monotonic: () => trial.monotonicMs,
      earliest: () => trial.nowMs,
      chance: () => 0.5,
      emit: (event) => void events.push(event),
      deliver: deliverLocally,
      grantEventDays,
    });
  await store.createClient(sampleClient({ policy: OVERLAP_POLICY }));
  const trial: SenderTrial = {
    store,
    sender: create(),
    events,
    nowMs: Math.floor(Date.now() / 1000) * 1000,
    monotonicMs: 0,
    async advance(ms) {
      trial.nowMs += ms;
      trial.monotonicMs += ms;
      trial.sender.wake();
      await trial.sender.settle();
    },
    another: create,
    async addWebhook(url, more = {}) {
      const id = `webhook-${++webhooks}`;
      const kinds = ['grant.revoked', 'grant.reinstated'] as const;
      const rest = {
        format: 'standard',
        clientId: undefined,
        keyNumber: keyRing.webhook.active.number,
        disabledAtMs: undefined,
      } as const;
      await store.createWebhook({ id, url, kinds, createdAtMs: webhooks, ...rest, ...more });
      return { id, secret: writeWebhookSecret(keyRing.webhook.active.webhookKey(id)) };
    },
    async makeGrantEvent() {
      const id = ++grants;
      await store.createGrant(sampleGrant({ id }), { nowMs: trial.nowMs });
      await store.revoke(id, { nowMs: trial.nowMs, cause: 'operator', requestId: `request-${id}` });
    },
  };
  scope.after(() => store.close());
  return trial;
};
