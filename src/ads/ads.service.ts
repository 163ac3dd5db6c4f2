import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { NotFound } from '../http/problem.js';
import type { Visitor } from '../http/visits.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
import { AdCounts } from './ad-counts.service.js';
import { AdView } from './ad.dto.js';
import type { Slot } from './ad.entity.js';
import { adsInSlots, linkOfAd, type RunningAd, type SlotsRow } from './ads.queries.js';
import { WINDOW_SECONDS, adOfWindow } from './windows.js';

/** What stands in a slot now. */
export interface Shown extends Pick<SlotsRow, 'modified' | 'settled'> {
  /** Null: nothing. */
  readonly ad: AdView | null;
  /** For how long that holds, in whole seconds: to the end of the window, or of the ad where that comes first. */
  readonly seconds: number;
}

/** An ad as a page shows it: a text, or a picture and in words what that shows, in all their languages. */
type PlacedAd = Pick<RunningAd, 'id' | 'wording' | 'picture' | 'alt'>;

/** What stands in the slots of a page now. */
export interface Placed extends Pick<SlotsRow, 'modified' | 'settled'> {
  /** Slots where nothing stands are not among them. */
  readonly ads: ReadonlyMap<Slot, PlacedAd>;
}

/** Ads as readers meet them, through the reader door. Nothing about the reader decides which one. */
@Injectable()
export class AdsService {
  constructor(
    private readonly reader: Reader,
    private readonly addresses: Addresses,
    private readonly counts: AdCounts,
  ) {}

  /** @param section slug or id of the section that the page is of; one that is not there counts as none */
  async shown(slot: Slot, { section, lang }: { readonly section?: string; readonly lang?: Lang }): Promise<Shown> {
    const byId = section !== undefined && /^\d+$/.test(section);
    const { origin } = this.addresses;
    const asked = [byId ? section : null, byId || section === undefined ? null : foldSlug(section)];
    // It says until when it holds, so it is another one in each window.
    const row = (await this.reader.row<SlotsRow>(adsInSlots, [[slot], ...asked, lang, origin, WINDOW_SECONDS, 1]))!;
    const { home, now, window, modified, settled } = row;
    const ad = standingIn(slot, row);
    const ends = [(window + 1) * WINDOW_SECONDS * 1_000, ...(ad?.ends_at ? [Date.parse(ad.ends_at)] : [])];
    const until = new Date(Math.min(...ends));
    return {
      ad: ad && AdView.of(ad, { asked: lang ?? home, home }, until, origin),
      seconds: Math.max(0, Math.floor((until.getTime() - now.getTime()) / 1_000)),
      modified,
      settled,
    };
  }

  /** All that a page shows, in one read. @param section id of the section that the page is of */
  async placed(slots: readonly Slot[], section: number | null): Promise<Placed> {
    const row = (await this.reader.row<SlotsRow>(adsInSlots, [slots, section, null, null, this.addresses.origin, WINDOW_SECONDS, 2]))!;
    const ads = slots.flatMap((slot): [Slot, PlacedAd][] => {
      const ad = standingIn(slot, row);
      return ad === null ? [] : [[slot, ad]];
    });
    return { ads: new Map(ads), modified: row.modified, settled: row.settled };
  }

  /** Counts that the ad was before a reader’s eyes. @throws NotFound for one that does not run */
  async see(id: number, visitor: Visitor): Promise<void> {
    await this.linkOf(id);
    this.counts.count(id, 'views', visitor);
  }

  /** Counts that a reader follows the ad. @returns where it leads @throws NotFound for one that does not run */
  async follow(id: number, visitor: Visitor): Promise<string> {
    const link = await this.linkOf(id);
    this.counts.count(id, 'clicks', visitor);
    return link;
  }

  private async linkOf(id: number): Promise<string> {
    const row = await this.reader.row<{ link: string }>(linkOfAd, [id]);
    if (row === null) throw new NotFound();
    return row.link;
  }
}

function standingIn(slot: Slot, { ads, section, window }: SlotsRow): RunningAd | null {
  return adOfWindow(
    ads.filter((ad) => ad.slot === slot),
    `${slot} ${section ?? ''}`,
    window,
  );
}
