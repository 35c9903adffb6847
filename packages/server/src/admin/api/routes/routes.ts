import type { ApiRoute } from '../api-route.ts';
import { CLIENT_HEALTH_ROUTES } from './client-health.ts';
import { CLIENT_ROUTES } from './clients.ts';
import { EVENT_ROUTES } from './events.ts';
import { GRANT_ROUTES } from './grants.ts';
import { JOB_ROUTES } from './jobs.ts';
import { NODE_ROUTES } from './nodes.ts';
import { OPERATION_ROUTES } from './operations.ts';
import { OPERATOR_ROUTES } from './operators.ts';
import { OWNER_ROUTES } from './owners.ts';
import { REGISTRATION_ROUTES } from './registrations.ts';
import { TROUBLE_ROUTES } from './troubles.ts';
import { WEBHOOK_ROUTES } from './webhooks.ts';

/** Every operation of the admin API, from which requests are read and the description is written. */
export const API_ROUTES: readonly ApiRoute[] = [
  ...GRANT_ROUTES,
  ...OWNER_ROUTES,
  ...CLIENT_ROUTES,
  ...REGISTRATION_ROUTES,
  ...CLIENT_HEALTH_ROUTES,
  ...EVENT_ROUTES,
  ...TROUBLE_ROUTES,
  ...WEBHOOK_ROUTES,
  ...JOB_ROUTES,
  ...NODE_ROUTES,
  ...OPERATION_ROUTES,
  ...OPERATOR_ROUTES,
];
