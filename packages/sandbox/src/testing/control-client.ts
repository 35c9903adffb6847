import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { SandboxProblem } from './sandbox-problem.ts';

/** Calls the control API of one sandbox. */
export type ControlClient = {
  /** Without a slash at its end. */
  readonly url: string;
  /** `path` is below `/_sandbox`. Throws `SandboxProblem` for every answer that is an error, and where none came. */
  call<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Answer>;
  /** Closes its connections. */
  close(): void;
};

/** A clock that is moved for years, with many webhooks, takes no longer. */
const SILENCE_MAX_MS = 120_000;

/**
 * Uses `node:http` and no `fetch`, because tests of code that refreshes tokens replace the global `fetch` and the global timers.
 * `explain` may say better why nothing answers.
 */
export const createControlClient = (
  url: string,
  explain: () => SandboxProblem | undefined = () => undefined,
): ControlClient => {
  const base = parseUrl(url);
  const isHttps = base.protocol === 'https:';
  const agent = isHttps ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const root = `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
  return {
    url: root,
    async call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const { status, answer } = await exchange(
        isHttps ? requestHttps : requestHttp,
        `${root}/_sandbox${path}`,
        {
          method,
          text,
          agent,
        },
      ).catch((error: unknown) => {
        throw explain() ?? unreachable(root, error);
      });
      return readAnswer(root, status, answer) as Answer;
    },
    close: () => agent.destroy(),
  };
};

const parseUrl = (url: string): URL => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed;
  throw new SandboxProblem(
    'input_invalid',
    `${JSON.stringify(url)} is not the URL of a sandbox`,
    'Give the URL that keyfob-sandbox prints, such as http://127.0.0.1:8788.',
  );
};

type Sending = { readonly method: string; readonly text: string | undefined; readonly agent: HttpAgent };

const exchange = (
  request: typeof requestHttp,
  url: string,
  { method, text, agent }: Sending,
): Promise<{ readonly status: number; readonly answer: string }> =>
  new Promise((resolve, reject) => {
    const headers =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const sent = request(
      url,
      { method, agent, headers, timeout: SILENCE_MAX_MS },
      (response: IncomingMessage) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (answer += part));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, answer }));
        response.once('error', reject);
      },
    );
    sent.once('timeout', () => sent.destroy(new Error(`no answer in ${SILENCE_MAX_MS / 1000} seconds`)));
    sent.once('error', reject);
    sent.end(text);
  });

const unreachable = (url: string, error: unknown): SandboxProblem => {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  return new SandboxProblem(
    'unreachable',
    `No sandbox answers at ${url} (${message === '' ? code : message})`,
    'Start one with "keyfob-sandbox", or with startSandbox(), and use it before it is closed.',
    { cause: error },
  );
};

const readAnswer = (url: string, status: number, text: string): unknown => {
  if (status === 204) return undefined;
  const value = parseJson(text);
  if (value !== undefined && status >= 200 && status < 300) return value;
  const { type, detail, remedy } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const code = /^urn:keyfob:sandbox:(?<code>\w+)$/.exec(typeof type === 'string' ? type : '')?.groups?.[
    'code'
  ];
  if (code !== undefined) throw new SandboxProblem(code, String(detail), String(remedy));
  throw new SandboxProblem(
    'not_a_sandbox',
    `What answers at ${url} is no sandbox (status ${status})`,
    'Give the URL that keyfob-sandbox prints.',
  );
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
