import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { REDIRECT_URI } from '../support/code-maker.ts';
import type { CodeMaker } from '../support/code-maker.ts';
import { CLIENT_KINDS } from '../support/refresh-load/client-kinds.ts';
import { registerClients } from '../support/refresh-load/consent.ts';
import type { Home } from '../support/server-store.ts';
import type { WireClient } from '../support/refresh-load/refresh-wire.ts';

/** What the client of one code knows of it. */
export type CodeLog = {
  readonly client: WireClient;
  /** Every refresh token that the code gave it. */
  readonly refreshTokens: Set<string>;
  /** Answers that were neither tokens nor an outage. */
  readonly others: string[];
  answers: number;
  lost: number;
  isRefreshed: boolean;
};

/** Owners who consent one after another, and clients that exchange what they are sent. */
export type CodeLoad = {
  readonly logs: readonly CodeLog[];
  /** Resolves at the `count`th request sent or answer read from now on. */
  at(moment: 'sent' | 'answered', count: number): Promise<void>;
  /** Lets every client come to the end of the code it is at. */
  finish(): Promise<void>;
  /** Ends every client, whatever it is at. */
  stop(): void;
};

/** While nobody listens or the store is away. Shorter than `Retry-After` asks for, so that a trial is short. */
const RETRY_MS = 50;

type Tokens = { readonly refreshToken: string };

/** Starts at once. */
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
  let watches: { readonly isSeen: () => boolean; readonly resolve: () => void }[] = [];
  const tell = (moment: keyof typeof counts): void => {
    counts[moment]++;
    const seen = watches.filter(({ isSeen }) => isSeen());
    watches = watches.filter((watch) => !seen.includes(watch));
    for (const { resolve } of seen) resolve();
  };

  /** Sends a request again until it is answered; `undefined` where the answer is a refusal. */
  const untilAnswered = async (log: CodeLog, request: Request): Promise<Tokens | undefined> => {
    while (!stopping.signal.aborted) {
      tell('sent');
      const answer = await fetch(request.clone(), { signal: stopping.signal })
        .then(async (response) => ({ status: response.status, body: (await response.json()) as Body }))
        .catch(isUnsent);
      if (answer === undefined) log.lost++;
      else if (answer !== 'unsent') tell('answered');
      if (answer === undefined || answer === 'unsent') {
        await sleep(RETRY_MS);
        continue;
      }
      if (answer.status === 200) return { refreshToken: readRefreshToken(answer.body) };
      if (answer.status !== 503) {
        log.others.push(`${answer.status} ${JSON.stringify(answer.body)}`);
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
      others: [],
      answers: 0,
      lost: 0,
      isRefreshed: false,
    };
    logs.push(log);
    const exchange = writeExchange(port, client, code);
    // And once more after the answer: whatever happened in between, it is the same use.
    for (let time = 0; time < 2; time++) {
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
      return new Promise((resolve) => watches.push({ isSeen: () => counts[moment] >= goal, resolve }));
    },
    async finish() {
      ending.abort();
      await Promise.all(driving);
    },
    stop: () => stopping.abort(),
  };
};

/** Nobody listened: nothing was sent. `undefined` where something was and no whole answer came. */
const isUnsent = (error: unknown): 'unsent' | undefined => {
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

/** The same `Idempotency-Key` with every try. */
const keyHeader = () => ({ 'Idempotency-Key': randomUUID(), 'User-Agent': 'keyfob-trials' });

const writeForm = (
  port: number,
  { clientId, clientSecret }: WireClient,
  fields: Readonly<Record<string, string>>,
): Request =>
  new Request(`http://127.0.0.1:${port}/oauth/token`, {
    method: 'POST',
    headers: {
      ...keyHeader(),
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
    headers: { ...keyHeader(), Brand: 'hyundai', 'Content-Type': 'application/json' },
    body: JSON.stringify({ clientId, clientSecret, ...fields }),
  });
