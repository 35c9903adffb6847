import type { Client } from '../../clients/client.ts';
import { findDialect } from '../../dialects/dialects.ts';
import type { PageContext } from './page-context.ts';

/** What a client of a dialect whose requests name no permissions will see, in words. */
export const sharedDataOf = ({ language }: PageContext, { dialect }: Client): readonly string[] =>
  findDialect(dialect)?.sharedData?.map((text) => text[language]) ?? [];
