import { OperatorError } from '../errors.ts';
import { createScopeRegistry } from '../clients/scopes.ts';
import type { DeploymentScope, ScopeRegistry } from '../clients/scopes.ts';
import type { Dialect } from './dialect.ts';
import { azureB2c } from './azure-b2c/azure-b2c.ts';
import { ccapi } from './ccapi/ccapi.ts';
import { forgerock } from './forgerock/forgerock.ts';
import { oauth } from './oauth/oauth.ts';
import { ping } from './ping/ping.ts';
import { pleos } from './pleos/pleos.ts';
import { smartcar } from './smartcar/smartcar.ts';
import { tesla } from './tesla/tesla.ts';

/** Every dialect, by its name. A new vendor is one more entry. */
export const DIALECTS = {
  smartcar,
  pleos,
  oauth,
  ping,
  'azure-b2c': azureB2c,
  tesla,
  ccapi,
  forgerock,
} as const satisfies Readonly<Record<string, Dialect>>;

/** Whose clients are meant where nothing is said. */
export const DEFAULT_DIALECT = Object.keys(DIALECTS)[0] ?? '';

/** The dialect of this name; `undefined` for an unknown name. */
export const findDialect = (name: string): Dialect | undefined =>
  Object.values(DIALECTS).find((dialect) => dialect.name === name);

/** The dialect that a client speaks. Throws `OperatorError` where a newer version registered it. */
export const dialectOf = ({
  id,
  dialect: name,
}: {
  readonly id: string;
  readonly dialect: string;
}): Dialect => {
  const dialect = findDialect(name);
  if (dialect !== undefined) return dialect;
  throw new OperatorError(
    'dialect_unknown',
    {
      en: `client ${id} speaks the dialect ${name}, which this version does not know`,
      ko: `클라이언트 ${id}의 규격 ${name}은(는) 이 버전에서 알 수 없습니다.`,
    },
    {
      en: `Use the version that registered the client. Known here: ${Object.keys(DIALECTS).join(', ')}.`,
      ko: `클라이언트를 등록한 버전을 사용하세요. 이 버전의 규격: ${Object.keys(DIALECTS).join(', ')}`,
    },
  );
};

/** Whose endpoints metadata can name: those of a wire with the names of the RFCs. */
const METADATA_DIALECTS: readonly string[] = Object.values(DIALECTS)
  .filter((dialect: Dialect) => dialect.authorization.clientIdName === 'client_id')
  .map(({ name }) => name);

/** The dialect whose endpoints metadata names. Throws `OperatorError` for one that has none of the RFCs. */
export const metadataDialectOf = (name: string | undefined = DEFAULT_DIALECT): Dialect => {
  const dialect = METADATA_DIALECTS.includes(name) ? findDialect(name) : undefined;
  if (dialect !== undefined) return dialect;
  throw new OperatorError(
    'config_invalid',
    `metadataDialect is ${name}, whose endpoints metadata cannot name`,
    `Use one of ${METADATA_DIALECTS.join(', ')}.`,
  );
};

/** The dialects, for operations. */
export const KNOWN_DIALECTS = { names: Object.keys(DIALECTS), find: findDialect, of: dialectOf };

/** The scopes of every dialect, with those that a deployment declares itself. */
export const createDialectScopes = (declared: readonly DeploymentScope[] = []): ScopeRegistry =>
  createScopeRegistry(Object.values(DIALECTS), declared);

/** The path of every token endpoint, with the name of its dialect. */
export const TOKEN_DIALECTS: ReadonlyMap<string, string> = new Map(
  Object.values(DIALECTS).flatMap(({ name, tokenEndpoints }) =>
    Object.keys(tokenEndpoints).map((path) => [path, name] as const),
  ),
);
