import * as v from 'valibot';
import { addWebhook, readWebhook, readWebhookKey } from '@keyfob/server';
import {
  DELIVERY_STATES,
  GRANT_EVENT_KINDS,
  STANDARD_FORMAT,
  WEBHOOK_FORMATS,
  writeWebhookSecret,
} from '@keyfob/server/webhooks';
import type { Webhook } from '@keyfob/server/webhooks';
import { SandboxError } from '../../sandbox-error.ts';
import type { World } from '../../worlds/world.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import { deliveryListShape, webhookListShape, webhookShape } from '../shapes.ts';
import { iso } from '../show.ts';

const tag = 'webhooks';
const DELIVERIES_MAX = 1000;

const formatNames = WEBHOOK_FORMATS.map(({ name }) => name) as [string, ...string[]];

const showWebhook = ({ server, clients }: World, webhook: Webhook) => ({
  id: webhook.id,
  url: webhook.url,
  format: webhook.format,
  client: webhook.clientId === undefined ? null : (clients.findById(webhook.clientId)?.name ?? null),
  kinds: [...webhook.kinds],
  secret: writeWebhookSecret(readWebhookKey(server.deployment, webhook)),
});

const findWebhook = async (world: World, id: string): Promise<Webhook> => {
  const webhook = await readWebhook({ store: world.store.current() }, id);
  if (webhook !== undefined) return webhook;
  throw new SandboxError('not_found', 'there is no such webhook', 'GET …/webhooks lists them.');
};

export const webhookRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/webhooks',
    tag,
    summary: 'Have grant events sent to a URL, which may be on this machine',
    body: v.strictObject({
      url: v.pipe(v.string(), v.url(), v.maxLength(2048)),
      format: v.optional(v.picklist(formatNames), STANDARD_FORMAT),
      /** By its name in the world; every client by default. */
      client: v.optional(v.string()),
      /** Every kind that the format has by default. */
      kinds: v.optional(v.array(v.picklist(GRANT_EVENT_KINDS))),
    }),
    status: 201,
    answer: webhookShape,
    handle: async (call) => {
      const world = findWorld(call);
      const { url, format, client, kinds } = call.body;
      const clientId = client === undefined ? undefined : world.clients.find(client)?.clientId;
      if (client !== undefined && clientId === undefined)
        throw new SandboxError(
          'input_invalid',
          `client: there is no client ${client}`,
          'GET the world to see its clients.',
        );
      const { deployment } = world.server;
      const context = { ...deployment, keyRing: deployment.keyRing, randomness: world.secretRandomness };
      const all = WEBHOOK_FORMATS.find(({ name }) => name === format)?.kinds;
      const wanted = { url, format, clientId, kinds: kinds ?? all, isHttpAllowed: true };
      const added = await addWebhook(context, wanted);
      if (added.outcome === 'added') return showWebhook(world, added.webhook);
      const fault = added.outcome === 'invalid' ? added.fault.en : added.outcome;
      throw new SandboxError('input_invalid', `the webhook was not added: ${fault}`, 'Correct the webhook.');
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/webhooks',
    tag,
    summary: 'List the webhooks',
    status: 200,
    answer: webhookListShape,
    handle: async (call) => {
      const world = findWorld(call);
      const webhooks = await world.store.current().listWebhooks();
      return { webhooks: webhooks.map((webhook) => showWebhook(world, webhook)) };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/worlds/{world}/webhooks/{webhook}',
    tag,
    summary: 'Remove a webhook with its deliveries',
    status: 204,
    handle: async (call) => {
      const world = findWorld(call);
      const { id } = await findWebhook(world, call.path['webhook'] ?? '');
      await world.store.current().removeWebhook(id);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/webhooks/{webhook}/deliveries',
    tag,
    summary: 'List what was sent to a webhook and what waits, newest grant event first',
    status: 200,
    answer: deliveryListShape,
    handle: async (call) => {
      const world = findWorld(call);
      const { id: webhookId } = await findWebhook(world, call.path['webhook'] ?? '');
      const skewMs = world.clock.read().skewSeconds * 1000;
      const at = (serverMs: number | undefined): string | null =>
        serverMs === undefined ? null : iso(serverMs - skewMs);
      const deliveries = await world.store
        .current()
        .listDeliveries({ webhookId, states: DELIVERY_STATES, limit: DELIVERIES_MAX });
      return {
        deliveries: deliveries.map(
          ({ grantEvent, state, attempts, nextAtMs, deliveredAtMs, lastStatus }) => ({
            id: grantEvent.id,
            kind: grantEvent.kind,
            grant: world.grants.nameOf(grantEvent.grantId),
            at: iso(grantEvent.atMs - skewMs),
            state,
            attempts,
            nextAt: at(nextAtMs),
            deliveredAt: at(deliveredAtMs),
            lastStatus: lastStatus ?? null,
          }),
        ),
      };
    },
  }),
];
