import { exportConsents, nameConsents } from '../../../operations/export-consents.ts';
import type { ApiRoute } from '../api-route.ts';
import { Problem } from '../problem.ts';

export const OWNER_ROUTES: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/owners/export',
    tag: 'Grants',
    summary: 'Writes the records of every consent of an owner that are kept, as one JSON object',
    permission: 'owners.export',
    action: 'owner.export',
    body: {
      subject: {
        schema: { type: 'string', minLength: 1, maxLength: 1000 },
        isRequired: true,
        purpose: 'Whose records: the vehicle owner, by the identifier of the platform.',
      },
    },
    answers: { status: 200, schema: 'ConsentRecords' },
    async handle(context, visit) {
      const { subject } = visit.body as { readonly subject: string };
      const grants = await nameConsents(context, subject);
      await visit.write(
        async () => grants.length,
        (count) => (count === 0 ? 'unknown' : undefined),
        { details: { grants } },
      );
      if (grants.length === 0)
        throw new Problem('not_found', {
          en: 'no consent of this owner is kept',
          ko: '이 소유자의 동의 기록이 없습니다.',
        });
      const { grantEventDays } = context;
      return {
        status: 200,
        stream: {
          type: 'application/json',
          run: async ({ write, drained, signal }) => {
            for await (const part of exportConsents(context, { subject, grantEventDays })) {
              if (signal.aborted) return;
              write(part);
              await drained();
            }
          },
        },
      };
    },
  },
];
