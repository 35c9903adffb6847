import type { KeeperOptions } from '@keyfob/keeper';
import { createServiceKey, serve } from '@keyfob/keeper/service';
import type { Service, ServiceEvent, ServiceOptions, ServiceScope } from '@keyfob/keeper/service';
import { askService } from './ask-service.ts';
import type { ServiceAnswer } from './ask-service.ts';
import { createChecker } from './described-service.ts';
import type { Document } from './described-service.ts';
import { keptWorldFor } from './kept-world.ts';
import type { KeptWorld, Kind } from './kept-world.ts';
import type { Scope } from '../support/test-directory.ts';

/** A kept world with a service in front. */
export type ServedWorld = KeptWorld & {
  readonly service: Service;
  readonly serviceLog: readonly ServiceEvent[];
  /** A key that may do everything. */
  readonly key: string;
  keyFor(scopes: readonly ServiceScope[], namePrefix?: string): Promise<string>;
  /** Sends a request with the key of everything, or with another one. Its answer must be as the service describes it. */
  ask(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly key?: string | undefined; readonly headers?: object },
  ): Promise<ServiceAnswer>;
};

const ALL: readonly ServiceScope[] = ['tokens:read', 'grants:read', 'grants:write', 'metrics'];

/** Starts a sandbox, a keeper and its service. All is closed when the test ends. */
export const servedWorldFor = async (
  scope: Scope,
  kind: Kind,
  options: Partial<KeeperOptions> = {},
  serving: ServiceOptions = {},
): Promise<ServedWorld> => {
  const kept = await keptWorldFor(scope, kind, options);
  const serviceLog: ServiceEvent[] = [];
  const service = await serve(kept.keeper, { port: 0, log: (event) => serviceLog.push(event), ...serving });
  scope.after(() => service.close({ requestsMs: 3000, exchangesMs: 3000 }));
  let made = 0;
  const keyFor = async (scopes: readonly ServiceScope[], namePrefix?: string): Promise<string> =>
    (await createServiceKey(kept.keeper, { name: `key-${++made}`, scopes, namePrefix })).key;
  const key = await keyFor(ALL);
  const { body } = await askService(service.url, 'GET', '/openapi.json');
  const check = createChecker(body as Document);
  return {
    ...kept,
    service,
    serviceLog,
    key,
    keyFor,
    async ask(method, path, asked = {}) {
      const answer = await askService(service.url, method, path, { key, ...asked });
      check(method, path, answer);
      return answer;
    },
  };
};
