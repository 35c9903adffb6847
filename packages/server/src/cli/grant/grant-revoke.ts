import type { Command } from 'commander';
import { reinstateGrant, revokeGrant } from '../../exports/index.ts';
import type { OperationContext } from '../../exports/index.ts';
import type { Grant } from '../../exports/grants.ts';
import { OperatorError } from '../../exports/errors.ts';
import { readGrantId, writeGrantId } from '../../exports/tokens.ts';
import { unknownGrant } from '../command/not-found.ts';
import { onDeployment, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';

export const addGrantRevoke = (grant: Command): void => {
  withCommonOptions(grant.command('revoke <id>'))
    .description(
      'Revokes a grant from the next request on. Its access tokens end too, also those that a replay has left. "grant reinstate" undoes this.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob grant revoke 5f0c6a9de01b77a2')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const found = await findGrant(context, id);
        const change = { cause: 'operator', requestId: undefined } as const;
        const outcome = await revokeGrant(context, found, change);
        if (outcome === 'unknown') throw unknownGrant(id);
        const text = outcome === 'revoked' ? `revoked grant ${id}` : `grant ${id} was revoked before`;
        return { json: { grantId: writeGrantId(found.id), outcome }, text };
      }),
    );
  withCommonOptions(grant.command('reinstate <id>'))
    .description(
      'Undoes a revocation: the newest refresh token of the client works again. What its owner or its client ended opens only by a new consent.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob grant reinstate 5f0c6a9de01b77a2')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const found = await findGrant(context, id);
        const outcome = await reinstateGrant(context, found, { requestId: undefined });
        if (outcome === 'unknown') throw unknownGrant(id);
        if (outcome === 'consent_needed') throw endedForGood(id);
        const text = outcome === 'reinstated' ? `reinstated grant ${id}` : `grant ${id} was not revoked`;
        return { json: { grantId: writeGrantId(found.id), outcome }, text };
      }),
    );
};

const endedForGood = (id: string): OperatorError =>
  new OperatorError(
    'consent_needed',
    `grant ${id} was ended by its owner or its client`,
    'Send the owner through consent again: only that opens it.',
  );

const findGrant = async ({ store }: OperationContext, text: string): Promise<Grant> => {
  const id = readGrantId(text);
  const grant = id === undefined ? undefined : await store.readGrant(id);
  if (grant === undefined) throw unknownGrant(text);
  return grant;
};
