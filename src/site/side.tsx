import type { JSX } from 'preact';
import type { Lang } from '../text/language.js';
import { Ad } from './ad.js';
import type { Frame } from './frame.service.js';

/** What stands beside the content of a page; undefined where there is nothing, so that the content has the page to itself. */
export function sideOf(frame: Frame, lang: Lang): JSX.Element | undefined {
  if (!frame.ads.has('sidebar')) return undefined;
  return <Ad {...{ frame, lang }} slot="sidebar" />;
}
