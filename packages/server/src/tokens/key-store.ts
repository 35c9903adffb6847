/** What a store knows of a key of the ring: enough to notice a ring that did not seal these grants. */
export type RegisteredKey = {
  readonly number: number;
  readonly createdAt: number;
  readonly fingerprint: string;
};

/** The keys that have sealed tokens of a store. */
export type KeyStore = {
  /** Newest first. */
  listKeys(): Promise<readonly RegisteredKey[]>;
  registerKey(key: RegisteredKey): Promise<void>;
};
