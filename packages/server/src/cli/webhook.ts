import { Option } from 'commander';
import type { Command } from 'commander';
import type { Deployment } from '../deployment/open.ts';
import { toSeconds } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import { GRANT_EVENT_KINDS } from '../outbox/grant-event.ts';
import type { GrantEventKind } from '../outbox/grant-event.ts';
import { KINDS_OF_FORMAT, WEBHOOK_FORMATS, WEBHOOKS_MAX } from '../outbox/webhook.ts';
import type { Webhook, WebhookFormat } from '../outbox/webhook.ts';
import { writeWebhookSecret } from '../webhooks/sign.ts';
import { findUrlFault } from '../webhooks/url.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, alignFacts, showTime, UsageError } from './output.ts';
import { readClient, readWebhook, readWebhookKey } from '../operations/registry.ts';
import { addWebhookDeliveries } from './webhook-deliveries.ts';
import { addWebhookTest } from './webhook-test.ts';

type AddOptions = CommonOptions & {
  readonly url: string;
  readonly event?: readonly GrantEventKind[];
  readonly client?: string;
  readonly format: WebhookFormat;
  readonly allowHttp?: boolean;
};

/** What is told where nothing else is asked for. */
const USUAL_KINDS: Readonly<Record<WebhookFormat, readonly GrantEventKind[]>> = {
  standard: ['grant.revoked', 'grant.replayed', 'vehicles.disconnected'],
  pleos: KINDS_OF_FORMAT.pleos,
};

export const addWebhook = (program: Command): void => {
  const webhook = program
    .command('webhook')
    .summary('tell other services what happens to grants')
    .description(
      'Posts grant events to the URLs of other services, signed as Standard Webhooks say, at least once each. What fails is ' +
        'tried again for three days. A receiver that answers 410 is disabled.',
    );
  addAdd(webhook);
  addList(webhook);
  addShow(webhook);
  addRemove(webhook);
  addWebhookTest(webhook);
  addWebhookDeliveries(webhook);
};

const addAdd = (webhook: Command): void => {
  withCommonOptions(webhook.command('add'))
    .description('Adds a webhook and prints the secret that its receiver verifies with.')
    .requiredOption('--url <url>', 'where to post to; https, but on this machine')
    .addOption(
      new Option(
        '--event <kind...>',
        `which grantEvents (default: ${USUAL_KINDS.standard.join(', ')})`,
      ).choices(GRANT_EVENT_KINDS),
    )
    .option('--client <id>', 'only grant events of one client')
    .addOption(
      new Option('--format <format>', 'pleos: the end-of-sharing callback, which knows no signature')
        .choices(WEBHOOK_FORMATS)
        .default('standard'),
    )
    .option('--allow-http', 'take a URL that is not encrypted')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob webhook add --url https://example.com/hook
  $ keyfob webhook add --url https://example.com/hook --event grant.created --event grant.revoked --client ID
  $ keyfob webhook add --url https://example.com/end-of-sharing --format pleos --client ID`,
    )
    .action(async (options: AddOptions) =>
      onDeployment(options, async (deployment) => {
        const made = await makeWebhook(deployment, options);
        const outcome = await deployment.store.createWebhook(made);
        if (outcome === 'too_many') {
          const remedy = 'Remove one with "keyfob webhook remove".';
          throw new OperatorError('webhooks_full', `there are ${WEBHOOKS_MAX} webhooks already`, remedy);
        }
        return reportWithSecret(deployment, made);
      }),
    );
};

const makeWebhook = async (
  { store, keyRing, randomness }: Deployment,
  options: AddOptions,
): Promise<Webhook> => {
  const { url, client: clientId, format, event = USUAL_KINDS[format], allowHttp = false } = options;
  const fault = findUrlFault(url, { isHttpAllowed: allowHttp });
  if (fault !== undefined) throw new UsageError(`--url ${fault}`);
  const foreign = event.find((kind) => !KINDS_OF_FORMAT[format].includes(kind));
  if (foreign !== undefined) throw new UsageError(`--format ${format} has no form for ${foreign}`);
  if (format === 'pleos' && clientId === undefined)
    throw new UsageError('--format pleos needs --client: the callback does not say whose grant it was');
  if (clientId !== undefined) await readClient(store, clientId);
  return {
    id: randomness.bytes(6).toString('hex'),
    url,
    format,
    clientId,
    kinds: GRANT_EVENT_KINDS.filter((kind) => event.includes(kind)),
    keyNumber: keyRing.newest.number,
    createdAt: toSeconds(Date.now()),
    disabledAt: undefined,
  };
};

const addList = (webhook: Command): void => {
  withCommonOptions(webhook.command('list'))
    .description('Lists the webhooks.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook list')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const views = (await store.listWebhooks()).map(toView);
        const rows = views.map(({ webhookId, status, clientId, url, events }) => [
          webhookId,
          status,
          clientId ?? 'all',
          url,
          events.join(' '),
        ]);
        const heads = ['WEBHOOK ID', 'STATUS', 'CLIENT ID', 'URL', 'EVENTS'];
        return { json: { webhooks: views }, text: alignColumns([heads, ...rows]) };
      }),
    );
};

const addShow = (webhook: Command): void => {
  withCommonOptions(webhook.command('show <id>'))
    .description('Shows a webhook, and its secret again.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook show 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (deployment) =>
        reportWithSecret(deployment, await readWebhook(deployment.store, id)),
      ),
    );
};

const addRemove = (webhook: Command): void => {
  withCommonOptions(webhook.command('remove <id>'))
    .description('Removes a webhook. What it was not told yet, it will not be told.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook remove 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        await readWebhook(store, id);
        await store.removeWebhook(id);
        return { json: { webhookId: id, removed: true }, text: `removed webhook ${id}` };
      }),
    );
};

const reportWithSecret = (deployment: Deployment, webhook: Webhook) => {
  const view = toView(webhook);
  const isSigned = webhook.format !== 'pleos';
  const secret = isSigned ? writeWebhookSecret(readWebhookKey(deployment, webhook)) : null;
  const grantEvents = [
    ['webhook id', view.webhookId],
    ['status', view.status],
    ['url', view.url],
    ['format', view.format],
    ['client id', view.clientId ?? 'all'],
    ['events', view.events.join(' ')],
    ['created', showTime(view.createdAt)],
    ['secret', secret ?? '- (this format knows no signature)'],
  ] as const;
  return { json: { ...view, secret }, text: alignFacts(grantEvents) };
};

const toView = ({ id, url, format, clientId, kinds, createdAt, disabledAt }: Webhook) => ({
  webhookId: id,
  status: disabledAt === undefined ? 'enabled' : 'disabled',
  url,
  format,
  clientId: clientId ?? null,
  events: kinds,
  createdAt,
  disabledAt: disabledAt ?? null,
});
