export * from '../providers/vendors.ts';
export { clientOf } from '../providers/clients.ts';
export type { Client, ClientOptions } from '../providers/clients.ts';
export { defineProvider } from '../providers/provider.ts';
export type { Consent, ConsentDifferences } from '../providers/consent.ts';
export type { Lifetimes, Provider, ProviderDifferences, Repeats } from '../providers/provider.ts';
export type { LearnedFacts, Surprise } from '../providers/learned.ts';
