import type { Command } from 'commander';
import { readWebhook, testWebhook } from '../../exports/index.ts';
import { describeAnswer, isAccepted } from '../../exports/webhooks.ts';
import { unknownWebhook } from '../command/not-found.ts';
import { onDeployment, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';

export const addWebhookTest = (webhook: Command): void => {
  withCommonOptions(webhook.command('test <id>'))
    .description(
      'Posts a message of type webhook.test now and prints the answer. Exits with 1 unless it is 2xx.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob webhook test 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const found = await readWebhook(context, id);
        if (found === undefined) throw unknownWebhook(id);
        const startedAtMs = performance.now();
        const answer = await testWebhook(context, found);
        const accepted = isAccepted(answer);
        const tookMs = Math.round(performance.now() - startedAtMs);
        const body = answer.status === undefined ? null : answer.body;
        const error = accepted ? null : describeAnswer(answer);
        const json = { webhookId: id, accepted, status: answer.status ?? null, error, tookMs, body };
        const summary = `${accepted ? `answered ${answer.status}` : error} after ${tookMs} ms`;
        const text = body === null || body === '' ? summary : `${summary}\n\n${body.trimEnd()}`;
        return { json, text, isFailure: !accepted };
      }),
    );
};
