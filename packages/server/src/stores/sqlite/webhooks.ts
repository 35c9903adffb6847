import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../clock.ts';
import { GRANT_EVENT_KINDS } from '../../outbox/grant-event.ts';
import type { Store } from '../../grants/store.ts';
import { changeWebhook, isFull } from '../../outbox/webhook.ts';
import type { Webhook } from '../../outbox/webhook.ts';
import { damaged, toOptionalNumber, toTexts } from './rows.ts';
import type { Row } from './rows.ts';
import type { Connection } from './connection.ts';

/** The receivers of grant events. */
export const createWebhooks = (database: DatabaseSync) => {
  const list = database.prepare('SELECT * FROM webhooks ORDER BY created_at_ms, id');
  const insert = database.prepare(
    `INSERT OR IGNORE INTO webhooks (id, url, format, client_id, kinds, key_number, created_at_ms, disabled_at_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = database.prepare('UPDATE webhooks SET url = ?, kinds = ?, disabled_at_ms = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM webhooks WHERE id = ?');
  const disable = database.prepare(
    'UPDATE webhooks SET disabled_at_ms = ? WHERE id = ? AND disabled_at_ms IS NULL',
  );
  return {
    list: (): readonly Webhook[] => list.all().map(toWebhook),
    /** This and the following run inside the open transaction. */
    insert(webhook: Webhook): boolean {
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
      const what = [url, format, clientId, JSON.stringify(kinds), keyNumber, createdAtMs, disabledAtMs];
      return insert.run(id, ...what).changes === 1;
    },
    update: ({ id, url, kinds, disabledAtMs }: Webhook): void =>
      void update.run(url, JSON.stringify(kinds), disabledAtMs ?? null, id),
    remove: (id: string): boolean => remove.run(id).changes === 1,
    disable: (id: string, nowMs: Millis): void => void disable.run(nowMs, id),
  };
};

export type Webhooks = ReturnType<typeof createWebhooks>;

type WebhookVerbs = Pick<Store, 'createWebhook' | 'listWebhooks' | 'changeWebhook' | 'removeWebhook'>;

export const createWebhookVerbs = ({ commits, read }: Connection, webhooks: Webhooks): WebhookVerbs => ({
  createWebhook: (webhook) =>
    commits.run(() => {
      if (isFull(webhooks.list(), webhook.clientId)) return 'too_many';
      return webhooks.insert(webhook) ? 'created' : 'id_taken';
    }),
  listWebhooks: () => read(() => webhooks.list()),
  changeWebhook: (id, change) =>
    commits.run(() => {
      const webhook = webhooks.list().find((one) => one.id === id);
      if (webhook === undefined) return 'unknown';
      webhooks.update(changeWebhook(webhook, change));
      return 'changed';
    }),
  removeWebhook: (id) => commits.run(() => (webhooks.remove(id) ? 'removed' : 'unknown')),
});

const toWebhook = (row: Row): Webhook => ({
  id: String(row['id']),
  url: String(row['url']),
  format: String(row['format']),
  clientId: row['client_id'] === null ? undefined : String(row['client_id']),
  kinds: toTexts(row['kinds'], 'webhooks.kinds').map(
    (text) => GRANT_EVENT_KINDS.find((kind) => kind === text) ?? damaged('webhooks.kinds'),
  ),
  keyNumber: Number(row['key_number']),
  createdAtMs: Number(row['created_at_ms']),
  disabledAtMs: toOptionalNumber(row['disabled_at_ms']),
});
