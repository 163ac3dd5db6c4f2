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
import { adsInSlot, linkOfAd, type SlotRow } from './ads.queries.js';
import { WINDOW_SECONDS, adOfWindow } from './windows.js';

/** What stands in a slot now. */
export interface Shown extends Pick<SlotRow, 'modified' | 'settled'> {
  /** Null: nothing. */
  readonly ad: AdView | null;
  /** For how long that holds, in whole seconds: to the end of the window, or of the ad where that comes first. */
  readonly seconds: number;
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
    const row = (await this.reader.row<SlotRow>(adsInSlot, [slot, ...asked, lang, origin, WINDOW_SECONDS]))!;
    const { home, now, window, modified, settled } = row;
    const ad = adOfWindow(row.ads, `${slot} ${row.section ?? ''}`, window);
    const ends = [(window + 1) * WINDOW_SECONDS * 1_000, ...(ad?.ends_at ? [Date.parse(ad.ends_at)] : [])];
    const until = new Date(Math.min(...ends));
    return {
      ad: ad && AdView.of(ad, { asked: lang ?? home, home }, until, origin),
      seconds: Math.max(0, Math.floor((until.getTime() - now.getTime()) / 1_000)),
      modified,
      settled,
    };
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
