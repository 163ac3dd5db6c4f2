import type { JSX } from 'preact';
import { dirOf, type Lang } from '../text/language.js';
import { Ad } from './ad.js';
import type { Frame } from './frame.service.js';
import { askedFor, hrefOf } from './links.js';

const MOST_READ: Readonly<Record<Lang, string>> = { ar: 'الأكثر قراءة', en: 'Most read', fr: 'Les plus lus' };

/** What stands beside the content of a page; undefined where there is nothing, so that the content has the page to itself. */
export function sideOf(frame: Frame, lang: Lang): JSX.Element | undefined {
  if (frame.mostRead.length === 0 && !frame.ads.has('sidebar')) return undefined;
  return (
    <>
      {frame.mostRead.length > 0 && <MostRead {...{ frame, lang }} />}
      <Ad {...{ frame, lang }} slot="sidebar" />
    </>
  );
}

function MostRead({ frame: { mostRead, home }, lang }: { frame: Frame; lang: Lang }): JSX.Element {
  return (
    <section class="most-read">
      <h2>{MOST_READ[lang]}</h2>
      <ol>
        {mostRead.map((piece) => (
          <li>
            <a href={hrefOf(['articles', piece.id, piece.slug], askedFor(lang, home))} lang={piece.lang} dir={dirOf(piece.lang)}>
              {piece.title}
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}
