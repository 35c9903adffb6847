import * as v from 'valibot';
import { addWebhook, readWebhookKey } from '@keyfob/server';
import {
  GRANT_EVENT_KINDS,
  STANDARD_FORMAT,
  WEBHOOK_FORMATS,
  writeWebhookSecret,
} from '@keyfob/server/webhooks';
import { SandboxError } from '../../sandbox-error.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import { webhookShape } from '../shapes.ts';

const tag = 'webhooks';

export const webhookRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/webhooks',
    tag,
    summary: 'Have grant events sent to a URL, which may be on this machine',
    body: v.strictObject({
      url: v.pipe(v.string(), v.url(), v.maxLength(2048)),
      format: v.optional(
        v.picklist(WEBHOOK_FORMATS.map(({ name }) => name) as [string, ...string[]]),
        STANDARD_FORMAT,
      ),
      /** By its name in the world; every client by default. */
      client: v.optional(v.string()),
      kinds: v.optional(v.array(v.picklist(GRANT_EVENT_KINDS))),
    }),
    status: 201,
    answer: webhookShape,
    handle: async (call) => {
      const world = findWorld(call);
      const { url, format, client, kinds } = call.body;
      const { deployment } = world.server;
      const clientId = client === undefined ? undefined : world.clients.find(client)?.clientId;
      if (client !== undefined && clientId === undefined)
        throw new SandboxError(
          'input_invalid',
          `client: there is no client ${client}`,
          'GET the world to see its clients.',
        );
      const context = { ...deployment, keyRing: deployment.keyRing, randomness: world.secretRandomness };
      const added = await addWebhook(context, { url, format, clientId, kinds, isHttpAllowed: true });
      if (added.outcome !== 'added')
        throw new SandboxError(
          'input_invalid',
          added.outcome === 'invalid' ? added.fault : `the webhook was not added: ${added.outcome}`,
          'Correct the webhook.',
        );
      const { webhook } = added;
      const secret = writeWebhookSecret(readWebhookKey(deployment, webhook));
      return {
        id: webhook.id,
        url,
        format,
        kinds: [...webhook.kinds],
        secret,
      };
    },
  }),
];
