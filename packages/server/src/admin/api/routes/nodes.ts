import { readNodes } from '../../../operations/read-nodes.ts';
import { writeFinding } from '../../../operations/doctor/finding.ts';
import { examineNodes } from '../../../operations/doctor/examine-nodes.ts';
import type { ApiRoute } from '../api-route.ts';
import { viewNode } from '../views.ts';

export const NODE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/nodes',
    tag: 'Operations',
    summary: 'Lists the processes that serve this store, in the order of their starts',
    permission: 'nodes.read',
    answers: { status: 200, schema: 'NodeList' },
    async handle(context, visit) {
      const own = context.node();
      const nodes = await readNodes(context, own);
      const seesMachines = visit.may('machines.read');
      const named = seesMachines ? nodes : nodes.map((node) => ({ ...node, host: node.id }));
      const { verdict, finding, remedy } = writeFinding(examineNodes(named), visit.language);
      return {
        status: 200,
        body: {
          nodes: nodes.map((node) => viewNode(node, { isThis: node.id === own?.id, seesMachines })),
          warning: verdict === 'ok' ? null : `${finding}. ${remedy ?? ''}`.trim(),
        },
      };
    },
  },
];
