import { faultToSentence } from '../../../language.ts';
import type { Seconds } from '../../../clock.ts';
import { newShortId } from '../../../operations/new-id.ts';
import { addOperatorKey, OPERATOR_KEY_MAX_SECONDS } from '../../../operations/operator-keys.ts';
import { readAudit, verifyAudit } from '../../../operations/read-audit.ts';
import { entryToJson } from '../../../operators/audit-entry.ts';
import type { AuditPage } from '../../../operators/audit-store.ts';
import { isAllowed, OWN_CLIENTS_MAX, PERMISSIONS, ROLES } from '../../../operators/role.ts';
import type { Permission, Role } from '../../../operators/role.ts';
import type { ApiRoute } from '../api-route.ts';
import { NAME, oneOf, TEXT, textsOf, wholeNumber } from '../fields.ts';
import { notThere } from '../not-there.ts';
import { Problem } from '../problem.ts';
import { viewOperatorKey } from '../views.ts';
import { limitOf, PAGE_FIELDS, sequenceAfter } from './paging.ts';

export const OPERATOR_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/me',
    tag: 'Operators',
    summary: 'Says who asks, and what the role allows',
    permission: 'clients.read',
    answers: { status: 200, schema: 'Me' },
    own: { by: 'nothing' },
    handle: async (_context, { operator }) => ({
      status: 200,
      body: {
        ...operator,
        clientIds: operator.clientIds ?? null,
        permissions: (Object.keys(PERMISSIONS) as Permission[]).filter((one) =>
          isAllowed(operator.role, one),
        ),
      },
    }),
  },
  {
    method: 'GET',
    path: '/operator-keys',
    tag: 'Operators',
    summary: 'Lists the operator keys with their last use',
    permission: 'operators.read',
    answers: { status: 200, schema: 'OperatorKeyList' },
    handle: async ({ store }) => ({
      status: 200,
      body: { operatorKeys: (await store.listOperatorKeys()).map(viewOperatorKey) },
    }),
  },
  {
    method: 'POST',
    path: '/operator-keys',
    tag: 'Operators',
    summary: 'Makes an operator key and shows it once',
    permission: 'operators.write',
    action: 'operator_key.add',
    body: {
      name: { schema: { ...NAME, minLength: 1 }, isRequired: true, purpose: 'Whose key it is, for people.' },
      role: { schema: oneOf(ROLES), isRequired: true, purpose: 'What its holder may do.' },
      clientIds: {
        schema: textsOf(TEXT, OWN_CLIENTS_MAX),
        purpose: 'The clients that a developer works with; absent for every other role.',
      },
      expiresInSeconds: {
        schema: wholeNumber(1, OPERATOR_KEY_MAX_SECONDS),
        purpose: 'When it ends; after 90 days if it is absent.',
      },
    },
    answers: { status: 201, schema: 'OperatorKeyAdded' },
    async handle(context, visit) {
      const { name, role, clientIds, expiresInSeconds } = visit.body as {
        readonly name: string;
        readonly role: Role;
        readonly clientIds?: readonly string[];
        readonly expiresInSeconds?: Seconds;
      };
      const id = newShortId(context.randomness);
      const added = await visit.write(
        () => addOperatorKey(context, { name, role, clientIds, expiresInSeconds, id }),
        ({ outcome }) => (outcome === 'added' ? undefined : outcome),
        { target: `operator_key:${id}`, details: { name, role, clientIds, expiresInSeconds } },
      );
      if (added.outcome === 'invalid') throw new Problem('body_invalid', faultToSentence(added.fault));
      if (added.outcome === 'too_many')
        throw new Problem('too_many', {
          en: 'remove an operator key first',
          ko: '먼저 운영자 키를 하나 제거하세요.',
        });
      return { status: 201, body: { ...viewOperatorKey(added.key), operatorKey: added.text } };
    },
  },
  {
    method: 'DELETE',
    path: '/operator-keys/{keyId}',
    tag: 'Operators',
    summary: 'Removes an operator key from the next request on',
    permission: 'operators.write',
    action: 'operator_key.remove',
    answers: { status: 204 },
    async handle({ store }, visit) {
      const id = visit.path['keyId'] ?? '';
      const removed = await visit.write(
        () => store.removeOperatorKey(id),
        (outcome) => (outcome === 'removed' ? undefined : outcome),
        { target: `operator_key:${id}` },
      );
      if (removed === 'unknown') throw notThere('operator key');
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/operator-sessions/end',
    tag: 'Operators',
    summary: 'Ends every session and every unused link of the console, of everybody; operator keys stay',
    permission: 'operators.write',
    action: 'console.sign_out_all',
    body: {},
    answers: { status: 200, schema: 'SessionsEnded' },
    async handle({ store }, visit) {
      const ended = await visit.write(
        () => store.endOperatorSessions(),
        () => undefined,
      );
      return { status: 200, body: { ended } };
    },
  },
  {
    method: 'GET',
    path: '/audit',
    tag: 'Audit',
    summary: 'Lists the audit log, newest first',
    permission: 'audit.read',
    query: {
      ...PAGE_FIELDS,
      target: {
        schema: TEXT,
        purpose: 'Only entries about it, as in grant:ID, with searches that showed it.',
      },
      operatorId: { schema: TEXT, purpose: 'Only what this operator did or saw.' },
    },
    answers: { status: 200, schema: 'AuditList' },
    async handle({ store }, visit) {
      const limit = limitOf(visit.query);
      const { target, operatorId } = visit.query as Pick<AuditPage, 'target' | 'operatorId'>;
      const before = sequenceAfter(visit.query) ?? Number.MAX_SAFE_INTEGER;
      const found = await store.listAudit({ before, limit: limit + 1, target, operatorId });
      const entries = found.slice(0, limit);
      const last = found.length > limit ? entries.at(-1) : undefined;
      return {
        status: 200,
        body: { entries: entries.map(entryToJson), next: last === undefined ? null : String(last.sequence) },
      };
    },
  },
  {
    method: 'GET',
    path: '/audit/export',
    tag: 'Audit',
    summary: 'Writes the whole audit log, oldest first, a JSON object a line',
    permission: 'audit.read',
    answers: { status: 200, type: 'application/x-ndjson' },
    handle: async (context) => ({
      status: 200,
      stream: {
        type: 'application/x-ndjson',
        run: ({ write, drained, signal }) =>
          readAudit(
            context,
            0,
            async (page) => {
              write(page.map((entry) => `${JSON.stringify(entryToJson(entry))}\n`).join(''));
              await drained();
            },
            signal,
          ),
      },
    }),
  },
  {
    method: 'GET',
    path: '/audit/verify',
    tag: 'Audit',
    summary: 'Checks the whole chain of the audit log',
    permission: 'audit.read',
    answers: { status: 200, schema: 'AuditVerified' },
    async handle(context, { language }) {
      const { entries, head, fault } = await verifyAudit(context);
      return {
        status: 200,
        body: { entries, head: `${head.sequence}:${head.hash}`, fault: fault?.[language] ?? null },
      };
    },
  },
];
