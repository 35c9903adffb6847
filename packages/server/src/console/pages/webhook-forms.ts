import type { viewWebhook } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import { GRANT_EVENT_KINDS } from '../../outbox/grant-event.ts';
import type { GrantEventKind } from '../../outbox/grant-event.ts';
import { WEBHOOK_FORMAT_NAMES } from '../../operations/add-webhook.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { change } from './parts.ts';

type Webhook = ReturnType<typeof viewWebhook>;

/** The name of the field of a kind of event. */
export const eventField = (kind: GrantEventKind): string => `event.${kind}`;

const urlField = ({ texts }: ConsoleVisit, id: string, url: string): Content =>
  html`<p class="field wide">
    <label for="${id}">${texts.webhooks.url}</label>
    <input
      id="${id}"
      name="url"
      type="url"
      required
      maxlength="2000"
      value="${url}"
      placeholder="${texts.webhooks.urlHint}"
      autocomplete="off"
    />
  </p>`;

const eventFields = ({ texts }: ConsoleVisit, id: string, chosen: readonly GrantEventKind[]): Content =>
  html`<fieldset class="checks">
    <legend>${texts.webhooks.which}</legend>
    ${GRANT_EVENT_KINDS.map(
      (kind) =>
        html`<label for="${id}-${kind}"
          ><input
            id="${id}-${kind}"
            type="checkbox"
            name="${eventField(kind)}"
            value="yes"
            ${chosen.includes(kind) && html`checked`}
          />
          ${texts.events[kind]}</label
        >`,
    )}
  </fieldset>`;

const choice = (
  { id, name, title }: { readonly id: string; readonly name: string; readonly title: string },
  options: readonly (readonly [value: string, text: string])[],
): Content =>
  html`<p class="field">
    <label for="${id}">${title}</label>
    <select id="${id}" name="${name}">
      ${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}
    </select>
  </p>`;

type Clients = readonly { readonly clientId: string; readonly name: string }[];

/** For which client a webhook is. Where there are too many for a choice, the id is typed. */
const clientField = ({ texts, session }: ConsoleVisit, clients: Clients | undefined): Content => {
  if (clients === undefined)
    return html`<p class="field">
      <label for="new-client">${texts.live.client}</label>
      <input
        id="new-client"
        name="clientId"
        maxlength="200"
        autocomplete="off"
        spellcheck="false"
        placeholder="${texts.webhooks.everyClientHint}"
      />
    </p>`;
  const options = clients.map(({ clientId, name }) => [clientId, name === '' ? clientId : name] as const);
  const isDeveloper = session.operator.role === 'developer';
  return choice(
    { id: 'new-client', name: 'clientId', title: texts.webhooks.client },
    isDeveloper ? options : [['', texts.webhooks.everyClient], ...options],
  );
};

/** A form that adds a webhook. Only somebody who works with every client may add one for every client. */
export const renderAddition = (visit: ConsoleVisit, clients: Clients | undefined): Content => {
  const { texts } = visit;
  return change(visit, {
    id: 'why-add-webhook',
    action: '/console/webhooks',
    title: texts.webhooks.add,
    hint: texts.webhooks.addHint,
    kind: 'primary',
    fields: html`<input type="hidden" name="once" value="${visit.request.requestId}" />
      ${urlField(visit, 'new-url', '')} ${clientField(visit, clients)}
      ${choice(
        { id: 'new-format', name: 'format', title: texts.webhooks.format },
        WEBHOOK_FORMAT_NAMES.map((name) => [name, name]),
      )}
      ${eventFields(visit, 'new', ['grant.revoked', 'vehicles.disconnected'])}`,
  });
};

/** What may be done with a webhook. */
export const renderActions = (visit: ConsoleVisit, webhook: Webhook): Content => {
  const { texts } = visit;
  const { webhookId, url, events, disabledAt } = webhook;
  const path = `/console/webhooks/${webhookId}`;
  return html`<div class="actions">
    ${change(visit, {
      id: `why-retry-${webhookId}`,
      action: `${path}/retry`,
      title: texts.webhooks.retry,
      kind: 'primary',
    })}
    ${change(visit, { id: `why-test-${webhookId}`, action: `${path}/test`, title: texts.webhooks.test })}
    ${change(visit, {
      id: `why-change-${webhookId}`,
      action: `${path}/change`,
      title: texts.webhooks.change,
      hint: texts.webhooks.changeHint,
      fields: html`${urlField(visit, `url-${webhookId}`, url)} ${eventFields(visit, webhookId, events)}
      ${
        disabledAt !== null &&
        html`<p class="check">
          <label for="enable-${webhookId}"
            ><input id="enable-${webhookId}" type="checkbox" name="enable" value="yes" checked />
            ${texts.webhooks.enable}</label
          >
        </p>`
      }`,
    })}
    ${change(visit, { id: `why-secret-${webhookId}`, action: `${path}/secret`, title: texts.webhooks.secret })}
    ${change(visit, {
      id: `why-remove-${webhookId}`,
      action: `${path}/remove`,
      title: texts.webhooks.remove,
      hint: texts.webhooks.removeHint,
      kind: 'danger',
    })}
  </div>`;
};
