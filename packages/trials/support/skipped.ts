/** Why this machine cannot run something. */
export type Skipped = { readonly skipped: string };
