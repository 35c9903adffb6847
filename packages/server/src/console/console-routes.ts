import { CLIENT_PAGES } from './routes/clients.ts';
import type { ConsoleRoute } from './routes/console-route.ts';
import { GRANT_PAGES } from './routes/grants.ts';
import { REGISTRATION_PAGES } from './routes/registrations.ts';
import { SYSTEM_PAGES } from './routes/system.ts';
import { TROUBLE_PAGES } from './routes/troubles.ts';
import { WEBHOOK_PAGES } from './routes/webhooks.ts';

/** Every page of the console for those who are signed in. */
export const CONSOLE_ROUTES: readonly ConsoleRoute[] = [
  ...GRANT_PAGES,
  ...CLIENT_PAGES,
  ...REGISTRATION_PAGES,
  ...TROUBLE_PAGES,
  ...WEBHOOK_PAGES,
  ...SYSTEM_PAGES,
];

/** The addresses of the pages, as patterns of paths. */
export const CONSOLE_ADDRESSES: readonly RegExp[] = CONSOLE_ROUTES.filter(
  ({ method }) => method === 'GET',
).map(({ pattern }) => pattern);
