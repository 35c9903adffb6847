import { readClientHealth } from '../../../operations/read-client-health.ts';
import type { ApiRoute } from '../api-route.ts';
import { notThere } from '../not-there.ts';
import { viewHealth } from '../views.ts';

export const CLIENT_HEALTH_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/clients/{clientId}/health',
    tag: 'Clients',
    summary:
      'Says how the grants of a client are: by state, expiring soon, and what troubled them in 30 days',
    permission: 'grants.read',
    own: { by: 'client in the path' },
    answers: { status: 200, schema: 'ClientHealth' },
    async handle(context, { path }) {
      const { client } = await context.store.readClient(path['clientId'] ?? '');
      if (client === undefined) throw notThere('client');
      return { status: 200, body: viewHealth(await readClientHealth(context, client)) };
    },
  },
];
