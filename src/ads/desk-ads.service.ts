import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { advanced, held } from '../http/versioned.js';
import { MediaService } from '../media/media.service.js';
import { absoluteLink } from '../text/link.js';
import { cleanWording } from '../text/wording.js';
import { Ad } from './ad.entity.js';
import type { ChangeAd, CreateAd, DeskAd, DeskAdList, ListDeskAds, ReplaceAd } from './desk-ad.dto.js';
import { deskAd, deskAdPage, removeUnseen, writeSections } from './desk-ads.queries.js';

/** What is as in every new ad where nobody says otherwise. */
const BLANK = { text: null, pictureId: null, sectionIds: [], endsAt: null, weight: 10 } satisfies Partial<CreateAd>;

/** Ads at the desk. One that readers may have met is ended, not removed: its counts are what the advertiser is told. */
@Injectable()
export class DeskAdsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly media: MediaService,
    private readonly audit: AuditService,
  ) {}

  list(query: ListDeskAds): Promise<DeskAdList> {
    return deskAdPage(this.dataSource.manager, query);
  }

  /** @throws Problem 404 */
  find(id: number): Promise<DeskAd> {
    return whole(this.dataSource.manager, id);
  }

  /** @throws Problem 422 `picture_or_text`, `unknown_reference`, `picture_not_ready`, `link_invalid`, `ends_before_start` */
  async create(actor: EditorActor, given: CreateAd): Promise<DeskAd> {
    return inTransaction(this.dataSource, async (tx) => {
      const ad = { ...BLANK, ...given };
      await this.acceptPicture(tx, actor, ad.pictureId);
      const row = columnsOf(ad) as QueryDeepPartialEntity<Ad>;
      const { id } = (await tx.getRepository(Ad).insert(row)).identifiers[0] as { id: number };
      await writeSections(tx, id, ad.sectionIds);
      const after = await whole(tx, id);
      await this.audit.record(tx, actor, { act: 'ads.create', object: { type: 'ad', id }, ...differences(null, saidOf(after)) });
      return after;
    });
  }

  /** Says the ad anew: what is left out is as in a new one. @throws as {@link change} */
  replace(actor: EditorActor, id: number, ad: ReplaceAd): Promise<DeskAd> {
    return this.change(actor, id, { ...BLANK, ...ad });
  }

  /** Changes what is given, at any time: readers meet it so from the next window on. @throws Problem 404; 409 `stale_version`; 422 as {@link create} */
  async change(actor: EditorActor, id: number, { version, ...given }: ChangeAd): Promise<DeskAd> {
    return inTransaction(this.dataSource, async (tx) => {
      const row = await held(tx, Ad, id);
      const before = await whole(tx, id);
      if (given.pictureId !== row.pictureId) await this.acceptPicture(tx, actor, given.pictureId);
      await advanced(tx, Ad, row, version, columnsOf(given));
      if (given.sectionIds) await writeSections(tx, id, given.sectionIds);
      const after = await whole(tx, id);
      const what = differences(saidOf(before), saidOf(after));
      await this.audit.record(tx, actor, { act: 'ads.change', object: { type: 'ad', id }, ...what });
      return after;
    });
  }

  /** @throws Problem 404; 409 `ad_shown` once its hour has come, or where it was ever counted */
  async remove(actor: EditorActor, id: number): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      await held(tx, Ad, id);
      const before = saidOf(await whole(tx, id));
      if (!(await removeUnseen(tx, id))) throw adShown();
      await this.audit.record(tx, actor, { act: 'ads.remove', object: { type: 'ad', id }, before });
    });
  }

  /** Held until the transaction ends, so that it is not removed meanwhile. @throws Problem 422 `unknown_reference`, `picture_not_ready` */
  private async acceptPicture(tx: EntityManager, actor: EditorActor, id: number | null | undefined): Promise<void> {
    if (!id) return;
    const picture = (await this.media.usable(tx, actor, [id])).get(id);
    if (picture?.kind !== 'picture') throw unknownPicture();
    if (picture.state !== 'ready') throw pictureNotReady();
  }
}

/** @throws Problem 404 */
async function whole(tx: EntityManager, id: number): Promise<DeskAd> {
  const ad = await deskAd(tx, id);
  if (ad === null) throw noSuchThing();
  return ad;
}

/** What editors say of it, without what is counted. */
function saidOf({ state: _state, views: _views, clicks: _clicks, days: _days, ...said }: DeskAd): Readonly<Record<string, unknown>> {
  return said;
}

/** What is said of an ad, cleaned; what is not said stays undefined. @throws Problem 422 `link_invalid` */
function columnsOf({ slot, text, pictureId, link, startsAt, endsAt, weight, advertiser }: Partial<CreateAd>): Partial<Ad> {
  const wording = text && cleanWording(text);
  return { slot, wording, pictureId, link: link && acceptedLink(link), startsAt, endsAt, weight, advertiser };
}

/** @throws Problem 422 `link_invalid` */
function acceptedLink(href: string): string {
  const link = absoluteLink(href, ['https:']);
  if (link !== null) return link;
  const message = { ar: 'ليس عنوانًا كاملًا يبدأ بـ https.', en: 'Not a full address that starts with https.' };
  throw fieldRefused(422, 'link_invalid', 'link', message, 'link');
}

function unknownPicture(): Problem {
  const message = { ar: 'لا توجد صورة بهذا الرقم.', en: 'There is no picture with this id.' };
  return fieldRefused(422, 'unknown_reference', 'pictureId', message);
}

function pictureNotReady(): Problem {
  return fieldRefused(422, 'picture_not_ready', 'pictureId', {
    ar: 'لم تجهز الصورة بعد. أعد المحاولة بعد قليل، أو استبدلها إن تعذّر تجهيزها.',
    en: 'The picture is not ready yet. Try again in a moment, or replace it where it has failed.',
  });
}

function adShown(): Problem {
  return new Problem(409, 'ad_shown', {
    ar: 'رآه القراء، فلا يُحذف. أنهِه بدل ذلك.',
    en: 'Readers have met it, so it stays. End it instead.',
  });
}
