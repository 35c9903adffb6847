import { CLIENT_PAGES } from './routes/clients.ts';
import type { ConsoleRoute } from './routes/console-route.ts';
import { GRANT_PAGES } from './routes/grants.ts';
import { REGISTRATION_PAGES } from './routes/registrations.ts';
import { SYSTEM_PAGES } from './routes/system.ts';
import { TROUBLE_PAGES } from './routes/troubles.ts';
import { WEBHOOK_PAGES } from './routes/webhooks.ts';

/** Every page of the console for those who are signed in. */
const CONSOLE_ROUTES: readonly ConsoleRoute[] = [
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

/** The page, or the form of one, that a request is for, and the parts of its path in braces. */
export const findRoute = (
  method: string,
  path: string,
): { readonly route: ConsoleRoute; readonly path: Readonly<Record<string, string>> } | undefined => {
  for (const route of CONSOLE_ROUTES) {
    if (route.method !== method) continue;
    const match = route.pattern.exec(path);
    if (match !== null) return { route, path: { ...match.groups } };
  }
  return undefined;
};

/** What may be sent to a path; empty for a path of no page. */
export const methodsOfPage = (path: string): readonly string[] =>
  CONSOLE_ROUTES.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
