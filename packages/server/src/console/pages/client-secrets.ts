import type { viewClient, viewSecret } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { age, change, moment, table } from './parts.ts';

type Client = ReturnType<typeof viewClient>;
type Secret = ReturnType<typeof viewSecret>;

/** The secrets of a client with their last use, and a form that adds or rolls one. */
export const renderSecrets = (visit: ConsoleVisit, client: Client, path: string): Content => {
  const { texts } = visit;
  const mayWrite = visit.may('secrets.write');
  const columns = [
    texts.client.name,
    texts.client.lastUsed,
    texts.client.created,
    texts.client.expires,
    ...(mayWrite ? [texts.client.remove] : []),
  ];
  const row = (secret: Secret): readonly Content[] => [
    html`<bdi>${secret.name === '' ? secret.secretId : secret.name}</bdi>`,
    age(visit, secret.lastUsedAt),
    moment(visit, secret.createdAt),
    secret.expiresAt === null ? texts.never : moment(visit, secret.expiresAt),
    ...(mayWrite
      ? [
          client.secrets.length > 1
            ? change(visit, {
                id: `why-${secret.secretId}`,
                action: `${path}/secrets/${secret.secretId}/remove`,
                title: texts.client.remove,
                kind: 'danger',
              })
            : texts.none,
        ]
      : []),
  ];
  return html`<p class="hint">${texts.client.secretsHint}</p>
    ${table(texts.client.secrets, columns, client.secrets.map(row))}
    ${
      mayWrite &&
      change(visit, {
        id: 'why-add',
        action: `${path}/secrets`,
        title: texts.client.add,
        kind: 'primary',
        fields: html`<input type="hidden" name="once" value="${visit.request.requestId}" />
          <p class="field">
            <label for="secret-name">${texts.client.name}</label>
            <input id="secret-name" name="name" maxlength="100" autocomplete="off" />
          </p>
          <p class="field">
            <label for="days">${texts.client.days}</label>
            <input
              id="days"
              name="days"
              inputmode="numeric"
              pattern="[0-9]{1,4}"
              autocomplete="off"
              placeholder="${texts.client.daysHint}"
            />
          </p>
          <p class="field">
            <label for="overlap">${texts.client.overlap}</label>
            <input
              id="overlap"
              name="overlap"
              inputmode="numeric"
              pattern="[0-9]{1,4}"
              autocomplete="off"
              placeholder="${texts.client.overlapHint}"
            />
          </p>`,
      })
    }`;
};
