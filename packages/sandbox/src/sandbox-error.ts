/** What a caller of the sandbox did wrong or cannot have now: what it is, and what to do about it. */
export class SandboxError extends Error {
  /** For programs. The control API answers it as the last part of `type`. */
  readonly code: SandboxErrorCode;
  readonly remedy: string;

  constructor(code: SandboxErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SandboxError';
    this.code = code;
    this.remedy = remedy;
  }
}

/** Every error of the sandbox, with the HTTP status of the control API. */
export const SANDBOX_ERRORS = {
  input_invalid: 400,
  body_not_json: 400,
  host_unknown: 403,
  origin_missing: 403,
  not_found: 404,
  method_not_allowed: 405,
  clock_backwards: 409,
  grant_state: 409,
  world_state: 409,
  body_too_large: 413,
  content_type_wrong: 415,
  too_many_worlds: 429,
  too_many_faults: 429,
  too_many_scenarios: 429,
  too_many_checkpoints: 429,
  too_many_grants: 429,
  too_many_waiting: 429,
  webhooks_slow: 504,
  closed: 503,
  internal: 500,
} as const;

export type SandboxErrorCode = keyof typeof SANDBOX_ERRORS;
