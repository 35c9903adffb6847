import type { Settings } from './settings.ts';

/** What a report says about a client. It needs no secret. */
export type ClientSummary = {
  readonly name: string;
  readonly provider: string;
  /** Refreshes per second, in one process. */
  readonly perSecondMax: number;
};

const PER_SECOND = 5;

/** The clients of the settings, without reading a secret. */
export const clientSummaries = ({ clients }: Pick<Settings, 'clients'>): readonly ClientSummary[] =>
  Object.entries(clients).map(([name, { provider, perSecondMax = PER_SECOND }]) => ({
    name,
    provider,
    perSecondMax,
  }));
