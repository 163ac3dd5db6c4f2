import { Foundation1795392000000 } from './1-foundation.js';
import { Audit1795395600000 } from './2-audit.js';
import { Mail1795399200000 } from './3-mail.js';
import { Accounts1795402800000 } from './4-accounts.js';
import { Workflow1795406400000 } from './5-workflow.js';
import { Polls1795410000000 } from './6-polls.js';
import { Shares1795413600000 } from './7-shares.js';
import { Media1795417200000 } from './8-media.js';
import { SecondFactor1795420800000 } from './9-second-factor.js';
import { PreviewLinks1795424400000 } from './10-preview-links.js';
import { AuthorMerges1795428000000 } from './11-author-merges.js';
import { Retention1795431600000 } from './12-retention.js';
import { Search1795435200000 } from './13-search.js';
import { SearchMerges1795438800000 } from './14-search-merges.js';
import { Ads1795442400000 } from './15-ads.js';
import { Front1795446000000 } from './16-front.js';
import { Readership1795449600000 } from './17-readership.js';
import { OldAddresses1795453200000 } from './18-old-addresses.js';

/** Every migration, in order. An explicit list: globs are not found under Vitest. */
export const migrations = [
  Foundation1795392000000,
  Audit1795395600000,
  Mail1795399200000,
  Accounts1795402800000,
  Workflow1795406400000,
  Polls1795410000000,
  Shares1795413600000,
  Media1795417200000,
  SecondFactor1795420800000,
  PreviewLinks1795424400000,
  AuthorMerges1795428000000,
  Retention1795431600000,
  Search1795435200000,
  SearchMerges1795438800000,
  Ads1795442400000,
  Front1795446000000,
  Readership1795449600000,
  OldAddresses1795453200000,
];
