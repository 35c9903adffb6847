import { randomUUID } from 'node:crypto';
import { createApi, API_PREFIX } from '../admin/api/api.ts';
import type { ApiContext } from '../admin/api/api-context.ts';
import { createJobs } from '../admin/api/jobs.ts';
import { createApiLimits } from '../admin/api/limits.ts';
import type { AdminPages } from '../admin/exchange.ts';
import { createAdmin } from '../admin/start-admin.ts';
import type { Admin, AdminContext } from '../admin/start-admin.ts';
import type { Millis } from '../clock.ts';
import type { Config } from '../config.ts';
import { createUpstream } from '../connect/sign-in/upstream.ts';
import { createClientUses } from '../console/client-uses.ts';
import { createConsole } from '../console/console.ts';
import { seeOther } from '../console/console-page.ts';
import type { OperatorProvider } from '../console/console-context.ts';
import type { Deployment } from '../deployment/open.ts';
import type { Emit, LogEvent } from '../log-event.ts';
import { parseRoles } from '../operators/role.ts';
import { PACKAGE_VERSION } from '../package-version.ts';

/** What the admin listener of a server serves: probes and metrics, and the pages of operators and their programs. */
export type Administration = {
  readonly admin: Admin;
  readonly pages: AdminPages;
  /** Must get every log event. */
  readonly follow: Emit;
  /** Stops what is under way. */
  close(): Promise<void>;
};

/** The administration of a server; `undefined` where no admin port is configured. */
export const openAdministration = (
  deployment: Deployment,
  config: Config,
  options: Pick<AdminContext, 'openRequests' | 'logLines' | 'storeLogBytes' | 'emit'> &
    Pick<ApiContext, 'settleTroubles' | 'node' | 'examine'>,
): Administration | undefined => {
  if (config.adminPort === undefined) return undefined;
  const { emit, settleTroubles, node, examine } = options;
  const followers = new Set<(event: LogEvent, atMs: Millis) => void>();
  const reportBug = (error: unknown): void => {
    const cause = error instanceof Error ? (error.stack ?? error.message) : '';
    emit({ event: 'internal.error', requestId: randomUUID(), cause });
  };
  const { store, dialects, scopes, keys, time, clock, doubt, randomness, egress, issuer, noticeKeys } =
    deployment;
  const admin = createAdmin({ version: PACKAGE_VERSION, store, noticeKeys, time, ...options });
  const context: ApiContext = {
    store,
    dialects,
    scopes,
    get keyRing() {
      return deployment.keyRing;
    },
    noticeKeys,
    keys,
    clock,
    doubt,
    randomness,
    egress,
    issuer,
    emit,
    follow(take) {
      followers.add(take);
      return () => void followers.delete(take);
    },
    limits: createApiLimits(time.monotonic),
    jobs: createJobs({ store, clock, doubt, emit }, reportBug),
    readiness: admin.readiness,
    settleTroubles,
    node,
    examine,
    grantEventDays: config.grantEventDays,
    isSecure: config.adminPublicUrl?.startsWith('https:') === true,
  };
  const api = createApi(context);
  const uses = createClientUses();
  const { adminPublicUrl: publicUrl } = config;
  const provider = openProvider(config, emit);
  const isSecure = context.isSecure;
  const session = { store, clock, doubt, randomness, isSecure };
  const pages = createConsole({ ...session, api, provider, publicUrl, uses, emit });
  return {
    admin,
    async pages(request) {
      if (request.path.startsWith(`${API_PREFIX}/`)) return api.pages(request);
      // The address that a server prints.
      if (request.path === '/' && ['GET', 'HEAD'].includes(request.method)) return seeOther('/console');
      return /^\/console(?:\/|$)/.test(request.path) ? pages(request) : undefined;
    },
    follow(event) {
      admin.count(event);
      const atMs = clock();
      uses.count(event, atMs);
      for (const take of followers) take(event, atMs);
    },
    close: () => context.jobs.close(),
  };
};

/** The provider at which operators sign in, if there is one. */
const openProvider = (config: Config, emit: Emit): OperatorProvider | undefined => {
  const { operatorSignInIssuer: issuer, operatorSignInClientId: clientId, operatorRoles } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  const settings = {
    issuer,
    clientId,
    clientSecret: config.operatorSignInClientSecret,
    clientAuthentication: undefined,
    scope: config.operatorSignInScope,
  };
  const upstream = createUpstream(settings, ([cause = '', ...others]) =>
    emit({ event: 'sign_in.entries_left_out', count: 1 + others.length, cause }),
  );
  return {
    upstream,
    roleClaim: config.operatorRoleClaim,
    clientsClaim: config.operatorClientsClaim,
    roles: parseRoles(operatorRoles ?? '') ?? new Map(),
  };
};
