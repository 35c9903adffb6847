import { REGISTRATION_TOKENS_MAX } from '@keyfob/server/clients';
import type { RegistrationStore, RegistrationToken } from '@keyfob/server/clients';
import type { RunVerb, Tables } from './tables.ts';

const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

export const registrationVerbs = (
  { clients, registrationTokens }: Tables,
  run: RunVerb,
): RegistrationStore => {
  const find = (digest: Uint8Array): RegistrationToken | undefined =>
    [...registrationTokens.values()].find((token) => keyOf(token.digest) === keyOf(digest));
  return {
    createRegistrationToken: (token) =>
      run('createRegistrationToken', () => {
        if (registrationTokens.size >= REGISTRATION_TOKENS_MAX)
          for (const { id, usesLeft, expiresAtMs } of registrationTokens.values())
            if (usesLeft === 0 || expiresAtMs <= token.createdAtMs) registrationTokens.delete(id);
        if (registrationTokens.size >= REGISTRATION_TOKENS_MAX) return 'too_many';
        if (registrationTokens.has(token.id)) return 'id_taken';
        registrationTokens.set(token.id, token);
        return 'created';
      }),
    listRegistrationTokens: () =>
      run('listRegistrationTokens', () =>
        [...registrationTokens.values()].sort(
          (left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1),
        ),
      ),
    findRegistrationToken: (digest) => run('findRegistrationToken', () => find(digest)),
    removeRegistrationToken: (id) =>
      run('removeRegistrationToken', () => (registrationTokens.delete(id) ? 'removed' : 'unknown')),
    registerByToken: (digest, client, nowMs) =>
      run('registerByToken', () => {
        const token = find(digest);
        if (token === undefined || token.usesLeft < 1 || token.expiresAtMs <= nowMs) return 'token_ended';
        if (clients.has(client.id)) return 'id_taken';
        clients.set(client.id, client);
        registrationTokens.set(token.id, { ...token, usesLeft: token.usesLeft - 1 });
        return 'created';
      }),
  };
};
