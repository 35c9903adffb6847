import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createQrCode, renderQrText } from '../../exports/index.ts';
import { OperatorError } from '../../exports/errors.ts';
import type { Seconds } from '../../exports/grants.ts';
import { print } from '../command/output.ts';
import type { CommandTerminal } from '../command/terminal.ts';

type DemoOptions = {
  readonly url: string;
  readonly client?: string;
  readonly secretFile?: string;
  readonly scope: string;
  readonly json?: boolean;
  readonly terminal: CommandTerminal;
};

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
/** How often a server that does not answer is asked again, with longer and longer waits (RFC 8628 §3.5). */
const LOST_ANSWERS_MAX = 5;
const ANSWER_TIMEOUT_MS = 10_000;
const LOST: Answer = { status: 0, body: {} };

export const addDeviceDemo = (program: Command): void => {
  program
    .command('device-demo')
    .summary('play a device without a browser, against a running server')
    .description(
      'Asks for access as a device without a browser does (RFC 8628): shows a code and a QR code, and waits until an owner agrees on another screen. Prints what the device got, without the tokens.',
    )
    .option('--url <url>', 'the public URL of the server', 'http://127.0.0.1:8787')
    .requiredOption('--client <id>', 'a client that may use the device flow (deviceFlow)')
    .option('--secret-file <file>', 'the file with its secret; none for a public client')
    .option('--scope <scope>', 'what to ask for, space separated', 'read_vehicle_info read_odometer')
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      `
Example:
  $ keyfob serve --demo
  $ keyfob device-demo --client ID --secret-file data/demo/oauth.secret

Exit codes: 0 the device got its tokens, 1 it did not, 2 usage error.`,
    )
    .action(play);
};

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

const play = async (options: DemoOptions): Promise<void> => {
  const { terminal } = options;
  const metadata = await readMetadata(options.url);
  const send = createSender(options);
  const asked = await send(metadata.device, { scope: options.scope });
  if (asked.status !== 200) throw refused('device_refused', asked);
  const complete = String(asked.body['verification_uri_complete']);
  terminal.errors.write(
    `${renderQrText(createQrCode(complete))}\n\nOpen ${String(asked.body['verification_uri'])}\nand enter   ${String(asked.body['user_code'])}\n\nWaiting for the owner …\n`,
  );
  const form = { grant_type: GRANT_TYPE, device_code: String(asked.body['device_code']) };
  const answer = await poll(() => send(metadata.token, form), Number(asked.body['interval'] ?? 5));
  if (answer.status !== 200) throw refused('device_denied', answer);
  const { scope, expires_in: expiresInSeconds, refresh_token: refreshToken } = answer.body;
  const json = {
    scope: typeof scope === 'string' ? scope : options.scope,
    expiresInSeconds,
    hasRefreshToken: refreshToken !== undefined,
  };
  await print({ json, text: `The device has its tokens: ${json.scope}` }, options);
};

/** Polls until there is another answer than to wait. Doubles the wait after a lost answer. */
const poll = async (ask: () => Promise<Answer>, intervalSeconds: Seconds): Promise<Answer> => {
  let waitSeconds = intervalSeconds;
  for (let lost = 0; ;) {
    await sleep(waitSeconds * 1000);
    const answer = await ask().catch(() => LOST);
    const { error } = answer.body;
    if (answer === LOST || answer.status >= 500) {
      if (++lost > LOST_ANSWERS_MAX) return answer;
      waitSeconds *= 2;
    } else if (error === 'slow_down') waitSeconds += 5;
    else if (error !== 'authorization_pending') return answer;
  }
};

const createSender = ({ client = '', secretFile }: DemoOptions) => {
  const secret = secretFile === undefined ? undefined : readSecret(secretFile);
  const headers: Record<string, string> = { 'User-Agent': 'keyfob-device-demo' };
  if (secret !== undefined)
    headers['Authorization'] =
      `Basic ${Buffer.from(`${encodeURIComponent(client)}:${encodeURIComponent(secret)}`).toString('base64')}`;
  return async (url: string, form: Readonly<Record<string, string>>): Promise<Answer> => {
    const body = new URLSearchParams(secret === undefined ? { ...form, client_id: client } : form);
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
};

const readSecret = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const message = `${file} cannot be read: ${(cause as Error).message}`;
    throw new OperatorError(
      'secret_file_unreadable',
      message,
      'Name the file with the secret of the client.',
      {
        cause,
      },
    );
  }
};

const readMetadata = async (url: string): Promise<{ readonly device: string; readonly token: string }> => {
  const address = `${url.replace(/\/$/, '')}/.well-known/oauth-authorization-server`;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const body = (await response.json()) as Answer['body'];
    return { device: String(body['device_authorization_endpoint']), token: String(body['token_endpoint']) };
  } catch (cause) {
    throw new OperatorError(
      'server_unreachable',
      `${address} does not answer`,
      'Start the server with "keyfob serve --demo", or name its URL with --url.',
      { cause },
    );
  }
};

const refused = (code: string, { status, body }: Answer): OperatorError => {
  const { error = `HTTP ${status}`, error_description: description = 'the server does not answer' } = body;
  const remedy =
    error === 'unauthorized_client'
      ? 'Allow it: "keyfob client set ID --device-flow true".'
      : 'Run the command again for a new code.';
  return new OperatorError(code, `${String(error)}: ${String(description)}`, remedy);
};
