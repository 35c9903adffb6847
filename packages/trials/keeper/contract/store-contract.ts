import { describeAnnouncing } from './announcing.ts';
import { describeAnswers } from './answers.ts';
import { describeBinding } from './binding.ts';
import { describeConsenting } from './consenting.ts';
import { describeDelivering } from './delivering.ts';
import { describeDuplicates } from './duplicates.ts';
import { describeListing } from './listing.ts';
import { describeOutdating } from './outdating.ts';
import { describePutting } from './putting.ts';
import { describeRefreshing } from './refreshing.ts';
import { describeRefusing } from './refusing.ts';
import { describeReporting } from './reporting.ts';
import { describeRevoking } from './revoking.ts';
import { describeScheduling } from './scheduling.ts';
import { describeSharing } from './sharing.ts';
import { describeServiceKeys } from './service-keys.ts';
import type { OpenForContract } from './rows.ts';

/** What every store of the keeper does. */
export const describeStore = (name: string, open: OpenForContract): void => {
  describePutting(name, open);
  describeOutdating(name, open);
  describeRefusing(name, open);
  describeDuplicates(name, open);
  describeSharing(name, open);
  describeBinding(name, open);
  describeRefreshing(name, open);
  describeAnswers(name, open);
  describeRevoking(name, open);
  describeScheduling(name, open);
  describeAnnouncing(name, open);
  describeListing(name, open);
  describeServiceKeys(name, open);
  describeConsenting(name, open);
  describeDelivering(name, open);
  describeReporting(name, open);
};
