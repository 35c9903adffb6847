import type { LivelyConsole } from './lively-console.ts';

/** The ids of a store that pages are about. */
export type ConsoleIds = Pick<LivelyConsole, 'grants' | 'delivery'> & { readonly clientId: string };

/** One page of the console, by its name. */
export type PageRow = {
  readonly name: string;
  readonly path: (ids: ConsoleIds) => string;
  /** Whether a developer has it for an own client. */
  readonly isForDevelopers?: true;
};

/**
 * Every page of the console, each with what can be seen on it. Everything that looks at pages goes through this table: axe, widths,
 * pictures, what roles see, what a page costs. A test keeps it whole.
 */
export const CONSOLE_PAGES: readonly PageRow[] = [
  { name: 'find', path: () => '/console' },
  {
    name: 'grants-of-client',
    path: ({ clientId }) => `/console?clientId=${clientId}&status=revoked`,
    isForDevelopers: true,
  },
  { name: 'nothing-found', path: () => '/console?clientId=none' },
  {
    name: 'grant-restored',
    path: ({ grants }) => `/console/grants/${grants.restored}`,
    isForDevelopers: true,
  },
  { name: 'grant-stolen', path: ({ grants }) => `/console/grants/${grants.stolen}`, isForDevelopers: true },
  { name: 'grant-fine', path: ({ grants }) => `/console/grants/${grants.fine}` },
  { name: 'grant-insured', path: ({ grants }) => `/console/grants/${grants.insured}` },
  { name: 'clients', path: () => '/console/clients' },
  { name: 'clients-searched', path: () => '/console/clients?text=planner' },
  { name: 'clients-not-found', path: () => '/console/clients?text=none' },
  { name: 'client', path: ({ clientId }) => `/console/clients/${clientId}`, isForDevelopers: true },
  { name: 'registrations', path: () => '/console/registrations' },
  { name: 'troubles', path: () => '/console/troubles' },
  { name: 'webhooks', path: () => '/console/webhooks', isForDevelopers: true },
  {
    name: 'attempts',
    path: ({ delivery }) => `/console/webhooks/${delivery.webhookId}/deliveries/${delivery.sequence}`,
  },
  { name: 'live', path: () => '/console/live', isForDevelopers: true },
  { name: 'system', path: () => '/console/system' },
  { name: 'system-counted', path: () => '/console/system?count=1' },
  { name: 'nodes', path: () => '/console/nodes' },
  { name: 'audit', path: () => '/console/audit' },
  { name: 'audit-verified', path: () => '/console/audit?verify=1' },
];

/** Where there is no page. */
export const NO_PAGE: PageRow = { name: 'missing', path: () => '/console/nowhere' };
