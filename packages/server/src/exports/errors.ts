/** `@keyfob/server/errors`: the errors that functions of the other entry points throw, and what is wrong in words. */
export { OperatorError, StoreError } from '../errors.ts';
export type { RefusalReason, StoreErrorKind } from '../errors.ts';
export { faultInEnglish } from '../language.ts';
export type { Fault, Language, Sentence } from '../language.ts';
