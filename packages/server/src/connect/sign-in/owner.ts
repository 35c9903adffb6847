/** The vehicle owner who is signed in. */
export type Owner = {
  readonly subject: string;
  /** The display name; may be empty. */
  readonly name: string;
  readonly isSimulated: boolean;
};
