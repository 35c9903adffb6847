import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { deliver, describeAnswer, isAccepted } from '../webhooks/deliver.ts';
import { addressMessage, writeTest } from '../webhooks/message.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { readWebhook, readWebhookKey } from '../operations/registry.ts';

export const addWebhookTest = (webhook: Command): void => {
  withCommonOptions(webhook.command('test <id>'))
    .description(
      'Posts a message of type webhook.test now, and prints the answer. Exit code 1 where it is not 2xx.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob webhook test 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (deployment) => {
        const found = await readWebhook(deployment.store, id);
        const nowMs = Date.now();
        const content = writeTest(found, randomUUID(), nowMs);
        const message = addressMessage(found, readWebhookKey(deployment, found), content, nowMs);
        const answer = await deliver(message, new AbortController().signal);
        const accepted = isAccepted(answer);
        if (!accepted) process.exitCode = 1;
        const tookMs = Date.now() - nowMs;
        const body = answer.status === undefined ? null : answer.body;
        const error = accepted ? null : describeAnswer(answer);
        const json = { webhookId: id, accepted, status: answer.status ?? null, error, tookMs, body };
        const first = `${accepted ? `answered ${answer.status}` : error} after ${tookMs} ms`;
        return { json, text: body === null || body === '' ? first : `${first}\n\n${showText(body)}` };
      }),
    );
};

/** Without what a terminal would obey. */
const showText = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, '?').trimEnd();
