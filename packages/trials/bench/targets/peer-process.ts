import { setTimeout as sleep } from 'node:timers/promises';

const CHECK_MS = 100;

/** Waits until a URL gives a 2xx. Rejects after the time. */
export const untilAnswered = async (url: string, timeoutMs: number): Promise<void> => {
  const giveUpAtMs = performance.now() + timeoutMs;
  while (performance.now() < giveUpAtMs) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(CHECK_MS);
  }
  throw new Error(`${new URL(url).pathname} was not ready after ${timeoutMs / 1000} s`);
};

/** The messages of an error and its causes. The error of `fetch` has the reason only in its cause. */
export const messagesOf = (error: unknown): readonly string[] =>
  error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];

/**
 * Uses up a refresh token of a grant that no measurement needs, and throws unless it works once and only once: a server
 * that does not rotate does less work.
 */
export const checkRotation = async (
  tokenUrl: string,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
  refreshToken: string,
): Promise<void> => {
  const refresh = async (): Promise<Response> =>
    fetch(tokenUrl, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    });
  const first = await refresh();
  const { refresh_token: next } = (await first.json()) as { refresh_token?: string };
  if (!first.ok || next === undefined || next === refreshToken)
    throw new Error(`a refresh gave no new refresh token (${first.status})`);
  const second = await refresh();
  await second.arrayBuffer();
  if (second.ok) throw new Error('a refresh token works twice');
};
