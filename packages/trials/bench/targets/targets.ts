import { openEcho } from './echo.ts';
import { openHydra, openHydraOnPostgres } from './hydra.ts';
import { openKeyfob, openKeyfobWith, openKeyfobOnPostgres } from './keyfob.ts';
import { openKeycloak } from './keycloak.ts';
import { openOidcProvider } from './oidc-provider.ts';
import { openPgbench } from './pgbench.ts';
import type { OpenTarget, TargetName } from './target.ts';

/** The title of each target in tables, and the function that starts it. */
export const TARGETS: Readonly<Record<TargetName, { readonly title: string; readonly open: OpenTarget }>> = {
  echo: { title: 'bare node:http', open: openEcho('smartcar') },
  'echo-pleos': { title: 'bare node:http, Pleos', open: openEcho('pleos') },
  smartcar: { title: 'Keyfob, Smartcar', open: openKeyfob('smartcar') },
  pleos: { title: 'Keyfob, Pleos', open: openKeyfob('pleos') },
  'oidc-provider': { title: 'oidc-provider, in memory, no ID tokens', open: openOidcProvider('plain') },
  'oidc-provider-openid': { title: 'oidc-provider, in memory', open: openOidcProvider('openid') },
  hydra: { title: 'Ory Hydra, SQLite', open: openHydra },
  'smartcar-postgres': { title: 'Keyfob, Smartcar, PostgreSQL', open: openKeyfobOnPostgres() },
  pgbench: { title: 'pgbench, single-row updates', open: openPgbench },
  'hydra-postgres': { title: 'Ory Hydra, PostgreSQL', open: openHydraOnPostgres('hydra-postgres') },
  'hydra-postgres-1-round': {
    title: 'Ory Hydra, PostgreSQL, 1 round of PBKDF2',
    open: openHydraOnPostgres('hydra-postgres-1-round', 1),
  },
  'keycloak-postgres': { title: 'Keycloak, PostgreSQL', open: openKeycloak },
  'smartcar-untraced': {
    title: 'Keyfob, Smartcar, without its code for traces',
    open: openKeyfobWith('smartcar-untraced', 'without-tracing'),
  },
  'smartcar-sdk': {
    title: 'Keyfob, Smartcar, with an OpenTelemetry SDK',
    open: openKeyfobWith('smartcar-sdk', 'with-sdk'),
  },
};
