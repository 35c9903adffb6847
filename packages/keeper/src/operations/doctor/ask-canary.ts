import { randomUUID } from 'node:crypto';
import type { AnswerClass } from '../../grants/answer-class.ts';
import type { Client } from '../../providers/clients.ts';
import { sendByHttp } from '../../refresh/exchange.ts';
import { readAnswer } from '../../refresh/read-answer.ts';
import { paramsOf, writeRequest } from '../../refresh/write-request.ts';
import { systemClock } from '../../time.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

const DEADLINE_MS = 15_000;
const SKEW_WARN_MS = 30_000;

/**
 * Asks a provider with a refresh token that was made up: a right secret is answered with a refusal of the token, a wrong
 * one with a refusal of the client. No grant is touched. The answer shows the provider's clock as well.
 */
export const askCanary = async (name: string, client: Client): Promise<readonly Finding[]> => {
  const { provider, clientSecrets } = client;
  const params = Object.fromEntries(
    paramsOf(provider).map((param) => [param, provider.exampleParams?.[param] ?? 'x']),
  );
  const token = provider.grantType === 'refresh_token' ? randomUUID() : undefined;
  const request = writeRequest(client, clientSecrets[0] ?? '', params, token);
  const sentAtMs = Date.now();
  const exchange = await sendByHttp(request, {
    deadlineMs: DEADLINE_MS,
    maySend: () => true,
    clock: systemClock,
  });
  const nowMs = Date.now();
  const answer = readAnswer(provider, exchange, nowMs);
  const middleMs = (sentAtMs + nowMs) / 2;
  return [
    judge(`secret ${name}`, answer.class, answer.code),
    ...(answer.providerMs === undefined ? [] : [judgeSkew(name, answer.providerMs - middleMs)]),
  ];
};

const judge = (check: string, found: AnswerClass, code: string): Finding => {
  switch (found) {
    case 'usable':
    case 'refresh_only':
    case 'unusable':
    case 'grant_rejected':
    case 'sharing_withdrawn':
      return ok(check, 'the provider accepts it');
    case 'client_rejected':
      return bad(
        check,
        'fail',
        `the provider refuses the client (${code})`,
        'Compare client id and secret with those that the provider shows.',
      );
    case 'not_sent':
      return bad(
        check,
        'fail',
        `the provider cannot be reached (${code})`,
        'Check the network, DNS and proxies of this machine.',
      );
    case 'unclear':
      return bad(
        check,
        'warn',
        `the answer leaves it open (${code}): this provider refuses wrong secrets and ended tokens alike`,
        'A refresh of a connection shows it: "keyfob-keeper refresh NAME".',
      );
    case 'rate_limited':
    case 'ambiguous':
    case 'bug':
      return bad(check, 'warn', `the provider answered ${code}`, 'Try again later.');
    case 'unrecognised':
      return bad(
        check,
        'warn',
        `the refusal (${code}) is not in the profile of this provider`,
        'Look for a firewall on the way; where the provider itself says so, add its code to the profile.',
      );
  }
};

const judgeSkew = (name: string, skewMs: number): Finding => {
  // The Date header counts whole seconds.
  const seconds = Math.round(skewMs / 1000);
  const check = `clock ${name}`;
  if (Math.abs(skewMs) < SKEW_WARN_MS) return ok(check, `within ${Math.max(1, Math.abs(seconds))} s of ours`);
  const finding = `the provider's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
  return bad(check, 'warn', finding, 'Synchronise the clock of this machine with NTP.');
};
