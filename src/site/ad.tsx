import type { JSX } from 'preact';
import { AD_LABELS } from '../ads/ad-label.js';
import type { Slot } from '../ads/ad.entity.js';
import type { Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import { Picture } from './cards.js';
import type { Frame } from './frame.service.js';

interface AdProps {
  readonly frame: Pick<Frame, 'ads' | 'home'>;
  /** Of the page. */
  readonly lang: Lang;
  readonly slot: Slot;
}

/** What stands in a place and is paid for, said to be so. Nothing where nothing stands. */
export function Ad({ frame: { ads, home }, lang, slot }: AdProps): JSX.Element | null {
  const ad = ads.get(slot);
  if (ad === undefined) return null;
  const { text, ...own } = phraseIn(ad.wording ?? ad.alt ?? {}, lang, home) ?? { text: AD_LABELS[lang] };
  return (
    <div class={`ad ${slot}`} data-seen={`/api/v1/ads/${ad.id}/views`}>
      <small>{AD_LABELS[lang]}</small>
      <a href={`/go/${ad.id}`} rel="sponsored nofollow" {...own}>
        {ad.picture === null ? text : <Picture picture={ad.picture} within={slot === 'sidebar' ? 640 : 960} alt={text} />}
      </a>
    </div>
  );
}
