import type { Grant } from '../grants/grant.ts';
import type { Engine, RecoveryWay } from './engine.ts';

/** Reports that a pair that could have been lost is stored. */
export const reportRecovered = ({ log }: Engine, { id, client }: Grant, way: RecoveryWay): void =>
  log({ event: 'grant.recovered', grantId: id, client, way });

/** Reports the end of a grant, where it has ended. */
export const reportDeath = ({ log, clients }: Engine, grant: Grant | undefined): void => {
  if (grant?.state !== 'dead') return;
  const { id, client, cause = 'revoked' } = grant;
  const repeats = clients.get(client)?.provider.repeats.kind;
  const isRepeated = repeats === 'overlap' || repeats === 'free';
  log({
    event: 'grant.died',
    grantId: id,
    client,
    cause,
    isAvoidable: cause === 'lost_response' && isRepeated,
  });
};
