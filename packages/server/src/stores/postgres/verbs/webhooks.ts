import { GRANT_EVENT_KINDS } from '../../../outbox/grant-event.ts';
import type { WebhookStore } from '../../../outbox/webhook-store.ts';
import { changeWebhook, isFull } from '../../../outbox/webhook.ts';
import type { Webhook } from '../../../outbox/webhook.ts';
import { lockForAll } from '../connection/migrations.ts';
import type { Connections } from '../connection/pool.ts';
import { canBeText, damaged, toNumber, toText, toTexts } from './rows.ts';
import type { Query, Row } from '../connection/transaction.ts';

type WebhookVerbs = Pick<WebhookStore, 'createWebhook' | 'listWebhooks' | 'changeWebhook' | 'removeWebhook'>;

const INSERT = `INSERT INTO webhooks (id, url, format, client_id, kinds, key_number, created_at_ms, disabled_at_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING id`;

const UPDATE = 'UPDATE webhooks SET url = $2, kinds = $3, disabled_at_ms = $4 WHERE id = $1';

/** The receivers of grant events, in the order of creation. */
export const listWebhooks = async (query: Query): Promise<readonly Webhook[]> =>
  (await query('SELECT * FROM webhooks ORDER BY created_at_ms, id')).map(toWebhook);

export const createWebhookVerbs = ({ read, transact }: Connections): WebhookVerbs => ({
  createWebhook: (webhook) =>
    transact(async ({ query }) => {
      const {
        id,
        url,
        format,
        clientId = null,
        kinds,
        keyNumber,
        createdAtMs,
        disabledAtMs = null,
      } = webhook;
      // Otherwise two that count at the same moment would both find room.
      await lockForAll(query);
      if (isFull(await listWebhooks(query), clientId ?? undefined)) return 'too_many';
      const what = [url, format, clientId, JSON.stringify(kinds), keyNumber, createdAtMs, disabledAtMs];
      return (await query(INSERT, [id, ...what])).length === 1 ? 'created' : 'id_taken';
    }),
  listWebhooks: () => listWebhooks(read),
  async changeWebhook(id, change) {
    if (!canBeText(id)) return 'unknown';
    return transact(async ({ query, write }) => {
      const [row] = await query('SELECT * FROM webhooks WHERE id = $1 FOR UPDATE', [id]);
      if (row === undefined) return 'unknown';
      const { url, kinds, disabledAtMs = null } = changeWebhook(toWebhook(row), change);
      write(UPDATE, [id, url, JSON.stringify(kinds), disabledAtMs]);
      return 'changed';
    });
  },
  async removeWebhook(id) {
    if (!canBeText(id)) return 'unknown';
    return transact(async ({ query, write }) => {
      // Waits for transactions that are adding a delivery to it.
      const rows = await query('SELECT id FROM webhooks WHERE id = $1 FOR UPDATE', [id]);
      if (rows.length === 0) return 'unknown';
      write('DELETE FROM delivery_attempts WHERE webhook_id = $1', [id]);
      write('DELETE FROM deliveries WHERE webhook_id = $1', [id]);
      write('DELETE FROM webhooks WHERE id = $1', [id]);
      return 'removed';
    });
  },
});

const toWebhook = (row: Row): Webhook => ({
  id: String(row['id']),
  url: String(row['url']),
  format: String(row['format']),
  clientId: toText(row['client_id']),
  kinds: toTexts(row['kinds'], 'webhooks.kinds').map(
    (text) => GRANT_EVENT_KINDS.find((kind) => kind === text) ?? damaged('webhooks.kinds'),
  ),
  keyNumber: Number(row['key_number']),
  createdAtMs: Number(row['created_at_ms']),
  disabledAtMs: toNumber(row['disabled_at_ms']),
});
