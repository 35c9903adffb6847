import type { Api } from '../admin/api/api.ts';
import type { SessionContext } from '../admin/api/session-cookie.ts';
import type { Upstream } from '../connect/sign-in/upstream.ts';
import type { Emit } from '../log-event.ts';
import type { Role } from '../operators/role.ts';
import type { ClientUses } from './client-uses.ts';

/** How operators sign in at their own provider. */
export type OperatorProvider = {
  readonly upstream: Upstream;
  readonly roleClaim: string;
  readonly clientsClaim: string;
  readonly roles: ReadonlyMap<string, Role>;
};

/** What the console works with: the admin API's own functions, and sessions. */
export type ConsoleContext = SessionContext & {
  readonly api: Api;
  /** `undefined` where operators sign in by links only. */
  readonly provider: OperatorProvider | undefined;
  /** `adminPublicUrl`. */
  readonly publicUrl: string | undefined;
  readonly uses: ClientUses;
  readonly emit: Emit;
};
