import { createAuthorizationServer } from '@keyfob/server';
import type { AuthorizationServer, LogEvent } from '@keyfob/server';
import { openScriptedProvider } from './scripted-provider.ts';
import type { ScriptedProvider } from './scripted-provider.ts';
import { directoryFor } from './test-directory.ts';

type Failure = Extract<LogEvent, { readonly event: 'operator.sign_in_failed' }>;

/** A server whose operators sign in at a provider that errs as a test says. */
export type ProviderConsole = {
  readonly provider: ScriptedProvider;
  readonly server: AuthorizationServer;
  readonly adminUrl: string;
  readonly events: readonly LogEvent[];
  /** The sign-ins that failed, the newest last. */
  readonly failures: () => readonly Failure[];
};

export const openProviderConsole = async (
  scope: { after(cleanUp: () => unknown): void },
  settings: Readonly<Record<string, unknown>> = {},
): Promise<ProviderConsole> => {
  const provider = await openScriptedProvider();
  scope.after(() => provider.close());
  provider.claims = { roles: 'desk' };
  const events: LogEvent[] = [];
  const server = await createAuthorizationServer(
    {
      data: directoryFor(scope),
      port: 0,
      adminPort: 0,
      operatorSignInIssuer: provider.issuer,
      operatorSignInClientId: provider.clientId,
      operatorRoles: 'desk=support,lead=admin,maker=developer',
      ...settings,
    },
    { emit: (event) => events.push(event) },
  );
  scope.after(() => server.close());
  const { adminUrl = '' } = await server.listen();
  const failures = (): readonly Failure[] =>
    events.filter((event): event is Failure => event.event === 'operator.sign_in_failed');
  return { provider, server, adminUrl, events, failures };
};
