import type { Move } from './scenario-player.ts';

/** What a raw client does in a scenario, and what is seen of each of its requests. */
export type ScenarioRow = {
  readonly scenario: string;
  readonly moves: readonly Move[];
  /**
   * A line for each request: its token, the verdict, whether something was stored, the generation that the
   * store then has, and what reached the client.
   */
  readonly seen: Readonly<Partial<Record<'smartcar' | 'pleos', readonly string[]>>>;
};

export const HOUR = 3600;
export const DAY = 86_400;

export const wait = (waitSeconds: number): Move => ({ waitSeconds });
/** The same in both dialects. */
export const both = (...lines: readonly string[]): ScenarioRow['seen'] => ({ smartcar: lines, pleos: lines });
