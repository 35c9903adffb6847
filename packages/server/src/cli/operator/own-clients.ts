import { OperatorError } from '../../exports/errors.ts';

/** The clients that a role is bound to are not as they must be. */
export const ownClientsInvalid = (fault: string): OperatorError =>
  new OperatorError(
    'own_clients_invalid',
    fault,
    'Give --client with each client of a developer, and with no other role; "keyfob client list" shows their ids.',
  );
