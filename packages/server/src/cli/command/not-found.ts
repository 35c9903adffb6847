import { OperatorError } from '../../exports/errors.ts';

/** The errors for unknown ids, each with the command that lists the known ones. */
export const unknownClient = (id: string): OperatorError =>
  new OperatorError('client_unknown', `unknown client ${id}`, 'See "keyfob client list".');

export const unknownGrant = (id: string): OperatorError =>
  new OperatorError('grant_unknown', `unknown grant ${id}`, 'See "keyfob grant list".');

export const unknownSecret = (id: string): OperatorError =>
  new OperatorError('secret_unknown', `the client has no secret ${id}`, 'See "keyfob client secret list".');

export const unknownWebhook = (id: string): OperatorError =>
  new OperatorError('webhook_unknown', `unknown webhook ${id}`, 'See "keyfob webhook list".');
