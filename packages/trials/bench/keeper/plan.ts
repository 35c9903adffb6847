import type { Figure } from '../volume/figure.ts';

/** What is measured, in this order. */
export const PARTS = ['import', 'memory', 'reads', 'ask', 'serve', 'hour', 'outage'] as const;
export type Part = (typeof PARTS)[number];

/** How much of it. */
export type Plan = {
  readonly parts: readonly Part[];
  readonly grants: number;
  /** The grants that somebody asks for all the time; they are a client's own, and refreshed every two hours. */
  readonly hot: number;
  readonly outageHours: number;
  /** Asked in this process, from memory. */
  readonly asks: number;
  /** How long requests are sent to the service. */
  readonly serveSeconds: number;
  readonly directory: string;
};

/** What the process with the keeper sends to the one that reports. */
export type SubjectMessage =
  | { readonly kind: 'progress'; readonly part: string; readonly done: number; readonly total: number }
  | { readonly kind: 'figure'; readonly figure: Figure }
  /** The service runs: send requests now, and write `go on` when that is done. */
  | {
      readonly kind: 'serving';
      readonly url: string;
      readonly key: string;
      readonly names: readonly string[];
    }
  | { readonly kind: 'done' };

/** What a part works with. */
export type Reporter = {
  report(figure: Figure): void;
  progress(part: string, done: number, total: number): void;
};
