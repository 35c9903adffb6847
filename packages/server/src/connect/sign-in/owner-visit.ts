import type { Client } from '../../clients/client.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import type { PageContext } from '../pages/page-context.ts';
import type { SignInMethods } from '../pages/sign-in-page.ts';
import type { Owner } from './owner.ts';
import { readSession } from './session.ts';
import type { Session } from './session.ts';

/** A visit to a page that needs a signed-in owner. */
export type OwnerVisit = {
  readonly context: ConnectContext;
  readonly visit: Visit;
  readonly pageContext: PageContext;
  readonly methods: SignInMethods;
};

/**
 * The ways to sign in for a request. Simulated requests accept only simulated owners, live requests only real ones; a demo
 * accepts both. A request of a client accepts simulated owners only where the client may have them.
 */
export const signInMethodsFor = (
  { isDemo, upstream }: ConnectContext,
  isSimulated: boolean,
  client?: Pick<Client, 'policy'>,
): SignInMethods => ({
  simulated: (isDemo || isSimulated) && (client === undefined || client.policy.simulatedOwners === true),
  real: upstream !== undefined && !isSimulated,
});

/** The owner of a session; `undefined` if nobody is signed in, or an owner of the wrong kind. */
export const ownerOf = ({ owner }: Session, methods: SignInMethods): Owner | undefined =>
  owner !== undefined && (owner.isSimulated ? methods.simulated : methods.real) ? owner : undefined;

/** The session and owner of a visit; `undefined` if the owner has to sign in first. Throws `StoreError`. */
export const readOwner = async ({
  context,
  visit,
  methods,
}: OwnerVisit): Promise<{ readonly session: Session; readonly owner: Owner } | undefined> => {
  const session = await readSession(context, visit);
  const owner = session === undefined ? undefined : ownerOf(session, methods);
  return session === undefined || owner === undefined ? undefined : { session, owner };
};
