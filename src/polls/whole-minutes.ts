import { fieldRefused } from '../http/refusals.js';

export const MINUTE_MS = 60_000;

/**
 * Times that choose ballots stand on whole minutes: in shorter steps an auditor could come down to a single ballot and see its choice in the count.
 * @param moments by the names of their fields @throws Problem 422 `not_whole_minute`
 */
export function refusePartsOfMinutes(moments: Readonly<Record<string, Date | undefined>>): void {
  for (const [name, moment] of Object.entries(moments)) {
    if (moment === undefined || moment.getTime() % MINUTE_MS === 0) continue;
    throw fieldRefused(422, 'not_whole_minute', name, { ar: 'يُعطى الوقت بدقائق تامة.', en: 'Times are given in whole minutes.' });
  }
}
