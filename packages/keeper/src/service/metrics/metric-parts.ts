import type { CheckedEndpoint } from '../../webhooks/endpoint.ts';
import type { ServiceContext } from '../route.ts';

/** What metrics are made of. */
export type MetricParts = {
  readonly context: ServiceContext;
  readonly endpoints: readonly CheckedEndpoint[];
  /** How many requests wait for refreshes. */
  readonly waiting: () => number;
  readonly isReady: () => Promise<boolean>;
};
