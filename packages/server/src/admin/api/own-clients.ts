import { readGrant } from '../../operations/read-grant.ts';
import { readWebhook } from '../../operations/read-webhook.ts';
import type { Operator } from '../../operators/operator.ts';
import type { ApiContext } from './api-context.ts';
import type { ApiRoute, ApiVisit } from './api-route.ts';
import { notThere } from './not-there.ts';
import { Problem } from './problem.ts';
import { grantOfPath } from './routes/paging.ts';

/** Whether somebody may work with a client; with what belongs to every client, a developer may not. */
export const isOwn = ({ role, clientIds = [] }: Operator, clientId: string | undefined): boolean =>
  role !== 'developer' || (clientId !== undefined && clientIds.includes(clientId));

/** What is not there and what belongs to others gets one answer, so that nobody learns which it is. */
const refuseUnless = (isTheirs: boolean, what: 'client' | 'grant' | 'webhook'): void => {
  if (!isTheirs) throw notThere(what);
};

/** The client that a query or a body names, or the only one there is. Throws `Problem`. */
const nameClient = (
  { operator }: ApiVisit,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => {
  const { clientIds = [] } = operator;
  const [only] = clientIds;
  const { clientId = clientIds.length === 1 ? only : undefined } = values;
  if (typeof clientId !== 'string')
    throw new Problem('request_invalid', {
      en: `clientId must name one of your clients: ${clientIds.join(', ')}`,
      ko: `clientId는 본인의 클라이언트여야 합니다: ${clientIds.join(', ')}`,
    });
  refuseUnless(isOwn(operator, clientId), 'client');
  return { ...values, clientId };
};

const refuseFields = ({ body }: ApiVisit, fields: readonly string[] | undefined): void => {
  const others = Object.keys(body).filter((name) => name !== 'reason' && fields?.includes(name) === false);
  if (others.length > 0)
    throw new Problem('not_permitted', {
      en: `developer may not give ${others.join(', ')}: ask an operator`,
      ko: `개발자는 바꿀 수 없으니 운영자에게 요청하세요: ${others.join(', ')}`,
    });
};

/**
 * Keeps a request of a developer to own clients: the one place that decides it. Every other role goes through. A route that
 * does not say how it is kept is closed to developers. Answers the visit, with the only client named where none was. Throws
 * `Problem` and `StoreError`.
 */
export const keepToOwnClients = async (
  context: ApiContext,
  { own, permission }: ApiRoute,
  visit: ApiVisit,
): Promise<ApiVisit> => {
  const { operator, path, query, body } = visit;
  if (operator.role !== 'developer') return visit;
  if (own === undefined)
    throw new Problem('not_permitted', {
      en: `developer lacks ${permission} for every client`,
      ko: `모든 클라이언트에 대한 ${permission} 권한이 필요합니다.`,
    });
  refuseFields(visit, own.fields);
  const ownsWebhook = async (id: unknown): Promise<boolean> => {
    const webhook = typeof id === 'string' ? await readWebhook(context, id) : undefined;
    return webhook !== undefined && isOwn(operator, webhook.clientId);
  };
  switch (own.by) {
    case 'nothing':
    case 'list':
      break;
    case 'client in the path':
      refuseUnless(isOwn(operator, path['clientId']), 'client');
      break;
    case 'client in the query':
      return { ...visit, query: nameClient(visit, query) };
    case 'client in the body':
      return { ...visit, body: nameClient(visit, body) };
    case 'grant in the path': {
      const details = await readGrant(context, grantOfPath(path));
      refuseUnless(details !== undefined && isOwn(operator, details.grant.clientId), 'grant');
      break;
    }
    case 'webhook in the path':
      refuseUnless(await ownsWebhook(path['webhookId']), 'webhook');
      break;
    case 'webhook in the query':
      if (query['webhookId'] === undefined)
        throw new Problem('request_invalid', {
          en: 'webhookId must name one of your webhooks',
          ko: 'webhookId는 본인의 웹훅이어야 합니다.',
        });
      refuseUnless(await ownsWebhook(query['webhookId']), 'webhook');
  }
  return visit;
};
