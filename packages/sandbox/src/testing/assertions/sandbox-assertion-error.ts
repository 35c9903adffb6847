/** An assertion on a world that does not hold. Its message says what happened, with the requests. */
export class SandboxAssertionError extends Error {
  constructor(message: string) {
    super(message);
    // Not `AssertionError`, for which test runners show two values that are compared.
    this.name = 'SandboxAssertionError';
  }
}
