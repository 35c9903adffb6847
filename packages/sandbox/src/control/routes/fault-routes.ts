import { newFault } from '../../faults/fault.ts';
import { armFault, parseFault } from '../../faults/parse-fault.ts';
import { SandboxError } from '../../sandbox-error.ts';
import type { World } from '../../worlds/world.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import { faultListShape, faultShape } from '../shapes.ts';
import { showFault } from '../show.ts';

const tag = 'faults';

/** A fault on a client or a grant that does not exist would never happen. */
const refuseUnknownTarget = (
  { clients, grants }: World,
  { client, grant }: { readonly client?: string | undefined; readonly grant?: string | undefined },
): void => {
  if (client !== undefined && clients.find(client) === undefined)
    throw new SandboxError(
      'input_invalid',
      `on.client: there is no client ${client}`,
      'GET the world to see its clients.',
    );
  if (grant !== undefined && grants.find(grant) === undefined)
    throw new SandboxError(
      'input_invalid',
      `on.grant: there is no grant ${grant}`,
      'GET …/grants lists them.',
    );
};

export const faultRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/faults',
    tag,
    summary: 'Arm a fault: which requests, what happens to them, and how often',
    body: newFault,
    // The action that it names decides what is wrong with it.
    parse: parseFault,
    status: 201,
    answer: faultShape,
    handle: (call) => {
      const world = findWorld(call);
      refuseUnknownTarget(world, call.body.on);
      return showFault(armFault(world, call.body));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/faults',
    tag,
    summary: 'List the faults, with how often each fitted and happened',
    status: 200,
    answer: faultListShape,
    handle: (call) => ({ faults: findWorld(call).faults.list().map(showFault) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/faults/{fault}',
    tag,
    summary: 'Read a fault',
    status: 200,
    answer: faultShape,
    handle: (call) => {
      const fault = findWorld(call).faults.find(call.path['fault'] ?? '');
      if (fault === undefined) throw unknownFault();
      return showFault(fault);
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/worlds/{world}/faults/{fault}',
    tag,
    summary: 'Remove a fault',
    status: 204,
    handle: (call) => {
      if (!findWorld(call).faults.disarm(call.path['fault'] ?? '')) throw unknownFault();
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/worlds/{world}/faults',
    tag,
    summary: 'Remove all faults',
    status: 204,
    handle: (call) => findWorld(call).faults.disarmAll(),
  }),
];

const unknownFault = (): SandboxError =>
  new SandboxError('not_found', 'there is no such fault', 'GET …/faults lists them.');
