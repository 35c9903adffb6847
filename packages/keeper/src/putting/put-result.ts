import { KeeperError } from '../errors.ts';
import type { Engine } from '../refresh/engine.ts';
import { ofOtherKeys } from '../stores/links.ts';
import type { Put, PutResult, PutStatus } from '../stores/store.ts';

/** How a pair was kept. Throws `KeeperError` where the store refused it. */
export const keptStatus = async (
  { store }: Engine,
  { name, client }: Put,
  { status, grant }: PutResult,
): Promise<PutStatus> => {
  if (status === 'inflight')
    throw new KeeperError(
      'grant_inflight',
      `The refresh token of "${name}" is being sent, so its client and parameters cannot be changed now`,
      'Try again in two minutes.',
    );
  if (status === 'other_keys') throw ofOtherKeys(name);
  if (status !== 'held') return status;
  const names = await store.connectionsOf(grant.id);
  const other = names.find((one) => one !== name) ?? 'another name';
  if (grant.client !== client)
    throw new KeeperError(
      'token_of_other_client',
      `The refresh token for "${name}" is kept already as "${other}", which belongs to the client "${grant.client}"`,
      'Name that client, or ask the owner for consent to this one.',
    );
  throw new KeeperError(
    'token_shared',
    `The refresh token for "${name}" is kept already as "${other}"`,
    'Ask for tokens by that name, or put it with isShared, so that both names use one grant.',
  );
};
