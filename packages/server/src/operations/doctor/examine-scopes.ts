import type { Client } from '../../clients/client.ts';
import type { ScopeRegistry } from '../../clients/scopes.ts';
import { ok, warn } from './finding.ts';
import { listFirst } from './list-first.ts';
import type { Finding } from './finding.ts';

const SCOPES_SHOWN = 3;

/** Whether every scope that a client is allowed is one that the deployment knows: it cannot ask owners for another. */
export const examineScopes = (scopes: ScopeRegistry, clients: readonly Client[]): Finding => {
  const check = 'scopes';
  const unknown = clients.flatMap(({ id, dialect, policy }) =>
    [policy.grantScope, policy.clientCredentialsScope]
      .flatMap((scope) => (scope ?? '').split(' '))
      .filter((name) => name !== '' && scopes.get(dialect)?.has(name) !== true)
      .map((name) => ({ name, id })),
  );
  if (unknown.length === 0)
    return ok(check, {
      en: 'clients are allowed only scopes that are known',
      ko: '클라이언트에 허용된 범위는 모두 알려진 것입니다.',
    });
  const list = (write: (scope: string, clientId: string) => string) =>
    listFirst(
      unknown.map(({ name, id }) => write(name, id)),
      SCOPES_SHOWN,
    );
  return warn(
    check,
    {
      en: `clients are allowed unknown scopes: ${list((scope, id) => `${scope} of client ${id}`).en}`,
      ko: `클라이언트에 알 수 없는 범위가 허용되어 있습니다: ${list((scope, id) => `${scope} (클라이언트 ${id})`).ko}`,
    },
    {
      en: 'Name the file that declares them with scopesFile (KEYFOB_SCOPES_FILE), or take them away with "keyfob client set ID --grant-scope".',
      ko: 'scopesFile(KEYFOB_SCOPES_FILE)에 이 범위를 선언한 파일을 지정하거나, "keyfob client set ID --grant-scope"로 허용을 거두세요.',
    },
  );
};
