/** What could not be done with a sandbox: the message says what is wrong and what to do about it. */
export class SandboxProblem extends Error {
  /** For programs: that of the control API, or `unreachable`, `not_a_sandbox`, `node_too_old`, `timeout`, `crashed`. */
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, detail: string, remedy: string, options?: ErrorOptions) {
    super(`${detail}. ${remedy}`, options);
    this.name = 'SandboxProblem';
    this.code = code;
    this.remedy = remedy;
  }
}
