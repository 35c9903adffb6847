import type { Keep } from './simulated-store.ts';

/** What simulations are lived on, one at a time, until it is closed. */
export type Keeping = { readonly keep: Keep; close(): Promise<void> };
