/** `@keyfob/server/errors`: the errors that functions of the other entry points throw. */
export { OperatorError, StoreError } from '../errors.ts';
export type { RefusalReason, StoreErrorKind } from '../errors.ts';
