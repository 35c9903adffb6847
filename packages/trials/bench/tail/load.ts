import { setTimeout as sleep } from 'node:timers/promises';
import { createAnswerReader } from '../answer.ts';
import { WrongAnswer } from '../generator-process.ts';
import { openRefresher } from '../refresher.ts';
import type { Refresher } from '../refresher.ts';
import type { Target } from '../targets/target.ts';
import type { ClientRequest } from './causes.ts';
import { nowMs } from './moments.ts';

/**
 * Loads a server from all its connections and records each request after the warm-up. Returns the tokens to continue with.
 * Rejects with `WrongAnswer` on the first wrong answer.
 */
export const recordLoad = async (
  { name, port, wire }: Target,
  refreshTokens: readonly string[],
  { warmupMs, measureMs }: { readonly warmupMs: number; readonly measureMs: number },
): Promise<{ readonly requests: readonly ClientRequest[]; readonly refreshTokens: readonly string[] }> => {
  const readAnswer = createAnswerReader(wire);
  const requests: ClientRequest[] = [];
  const wrong = Promise.withResolvers<never>();
  let isRecorded = false;
  let isEnding = false;
  const lastAnswers: Promise<void>[] = [];
  const refreshers: Refresher[] = [];
  for (const refreshToken of refreshTokens) {
    const last = Promise.withResolvers<void>();
    lastAnswers.push(last.promise);
    const onAnswer = (latencyMs: number): boolean => {
      if (isRecorded) {
        const receivedMs = nowMs();
        requests.push({ port: connection.localPort, sentMs: receivedMs - latencyMs, receivedMs });
      }
      if (isEnding) last.resolve();
      return !isEnding;
    };
    const onWrong = (fault: string): void =>
      wrong.reject(new WrongAnswer(`${name} gave a wrong answer: ${fault}`));
    const connection: Refresher = await openRefresher({ port, wire }, refreshToken, readAnswer, {
      onAnswer,
      onWrong,
    });
    refreshers.push(connection);
  }
  const run = async (): Promise<void> => {
    for (const { refresh } of refreshers) refresh();
    await sleep(warmupMs);
    isRecorded = true;
    await sleep(measureMs);
    isRecorded = false;
    isEnding = true;
    await Promise.all(lastAnswers);
  };
  try {
    await Promise.race([run(), wrong.promise]);
    return { requests, refreshTokens: refreshers.map((refresher) => refresher.refreshToken()) };
  } finally {
    for (const { close } of refreshers) close();
  }
};
