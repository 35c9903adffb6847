import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { REDIRECT_URI } from '../support/code-maker.ts';
import type { CodeMaker } from '../support/code-maker.ts';
import { CLIENT_KINDS } from '../support/refresh-load/client-kinds.ts';
import { registerClients } from '../support/refresh-load/consent.ts';
import type { Home } from '../support/server-store.ts';
import type { WireClient } from '../support/refresh-load/refresh-wire.ts';

/** What a client knows about the exchange of one code. */
export type CodeLog = {
  readonly client: WireClient;
  /** Every refresh token that the client received for the code. */
  readonly refreshTokens: Set<string>;
  /** Answers that are neither tokens nor a 503. */
  readonly unexpectedAnswers: string[];
  answers: number;
  lostAnswers: number;
  isRefreshed: boolean;
};

/** Owners who consent one after another, and clients that exchange the codes they receive. */
export type CodeLoad = {
  readonly logs: readonly CodeLog[];
  /** Resolves when `count` more requests are sent, or `count` more answers are read. */
  at(moment: 'sent' | 'answered', count: number): Promise<void>;
  /** Lets every client finish its current code. */
  finish(): Promise<void>;
  /** Stops every client at once. */
  stop(): void;
};

/** The wait before a retry. Shorter than `Retry-After` asks for, to keep the trial short. */
const RETRY_MS = 50;

type Tokens = { readonly refreshToken: string };

/** Registers the clients and starts the load immediately. */
export const createCodeLoad = async (
  home: Home,
  codes: CodeMaker,
  port: number,
  owners: number,
): Promise<CodeLoad> => {
  const kinds = CLIENT_KINDS.filter(({ name }) => name === 'overlap' || name === 'strict with key');
  const clients = await registerClients(home, kinds);
  const logs: CodeLog[] = [];
  const counts = { sent: 0, answered: 0 };
  const stopping = new AbortController();
  const ending = new AbortController();
  let waiters: { readonly isReached: () => boolean; readonly resolve: () => void }[] = [];
  const countMoment = (moment: keyof typeof counts): void => {
    counts[moment]++;
    const reached = waiters.filter(({ isReached }) => isReached());
    waiters = waiters.filter((waiter) => !reached.includes(waiter));
    for (const { resolve } of reached) resolve();
  };

  /** Sends a request until it is answered. Returns `undefined` if the answer is a refusal. */
  const untilAnswered = async (log: CodeLog, request: Request): Promise<Tokens | undefined> => {
    while (!stopping.signal.aborted) {
      countMoment('sent');
      const answer = await fetch(request.clone(), { signal: stopping.signal })
        .then(async (response) => ({ status: response.status, body: (await response.json()) as Body }))
        .catch(classifyError);
      if (answer === undefined) log.lostAnswers++;
      else if (answer !== 'unsent') countMoment('answered');
      if (answer === undefined || answer === 'unsent') {
        await sleep(RETRY_MS);
        continue;
      }
      if (answer.status === 200) return { refreshToken: readRefreshToken(answer.body) };
      if (answer.status !== 503) {
        log.unexpectedAnswers.push(`${answer.status} ${JSON.stringify(answer.body)}`);
        return undefined;
      }
      await sleep(RETRY_MS);
    }
    return undefined;
  };

  const exchangeOne = async (client: WireClient): Promise<void> => {
    const brand = client.dialect === 'pleos' ? 'hyundai' : undefined;
    const code = await codes.makeCode(client.dialect, { clientId: client.clientId, brand });
    const log: CodeLog = {
      client,
      refreshTokens: new Set(),
      unexpectedAnswers: [],
      answers: 0,
      lostAnswers: 0,
      isRefreshed: false,
    };
    logs.push(log);
    const exchange = writeExchange(port, client, code);
    // The second pass repeats the answered request: it is the same use, even if the server was killed in between.
    for (let pass = 0; pass < 2; pass++) {
      const tokens = await untilAnswered(log, exchange);
      if (tokens === undefined) return;
      log.answers++;
      log.refreshTokens.add(tokens.refreshToken);
    }
    const [refreshToken = ''] = log.refreshTokens;
    const successor = await untilAnswered(log, writeRefresh(port, client, refreshToken));
    log.isRefreshed = successor !== undefined && successor.refreshToken !== refreshToken;
  };

  const drive = async (client: WireClient): Promise<void> => {
    while (!ending.signal.aborted && !stopping.signal.aborted) await exchangeOne(client);
  };
  const driving = Array.from({ length: owners }, async (_, index) => {
    const client = clients[index % clients.length];
    if (client !== undefined) await drive(client);
  });
  return {
    logs,
    at(moment, count) {
      const goal = counts[moment] + count;
      return new Promise((resolve) => waiters.push({ isReached: () => counts[moment] >= goal, resolve }));
    },
    async finish() {
      ending.abort();
      await Promise.all(driving);
    },
    stop: () => stopping.abort(),
  };
};

/** `unsent` if the connection was refused; `undefined` if the request was sent but the answer was incomplete. */
const classifyError = (error: unknown): 'unsent' | undefined => {
  const cause = error instanceof Error ? error.cause : undefined;
  const isRefused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
  return isRefused ? 'unsent' : undefined;
};

type Body = { readonly refresh_token?: string; readonly data?: { readonly refreshToken: string } };

const readRefreshToken = ({ refresh_token: token, data }: Body): string => data?.refreshToken ?? token ?? '';

const writeExchange = (port: number, client: WireClient, code: string): Request =>
  client.dialect === 'pleos'
    ? writeJson(port, '/v1/auth/token', client, { code, redirectUrl: REDIRECT_URI })
    : writeForm(port, client, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI });

const writeRefresh = (port: number, client: WireClient, refreshToken: string): Request =>
  client.dialect === 'pleos'
    ? writeJson(port, '/v1/auth/token-refresh', client, { refreshToken })
    : writeForm(port, client, { grant_type: 'refresh_token', refresh_token: refreshToken });

/** Built once per request, so that every attempt has the same `Idempotency-Key`. */
const createHeaders = () => ({ 'Idempotency-Key': randomUUID(), 'User-Agent': 'keyfob-trials' });

const writeForm = (
  port: number,
  { clientId, clientSecret }: WireClient,
  fields: Readonly<Record<string, string>>,
): Request =>
  new Request(`http://127.0.0.1:${port}/oauth/token`, {
    method: 'POST',
    headers: {
      ...createHeaders(),
      Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams(fields),
  });

const writeJson = (
  port: number,
  path: string,
  { clientId, clientSecret }: WireClient,
  fields: Readonly<Record<string, string>>,
): Request =>
  new Request(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { ...createHeaders(), Brand: 'hyundai', 'Content-Type': 'application/json' },
    body: JSON.stringify({ clientId, clientSecret, ...fields }),
  });
