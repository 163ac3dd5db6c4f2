import { ApiProperty } from '@nestjs/swagger';
import { LangQuery, SlugOrId } from '../http/query.js';
import { PublicPicture } from '../media/picture.js';
import { LANGS, dirOf, type Dir, type Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import { AD_LABELS } from './ad-label.js';
import type { RunningAd } from './ads.queries.js';

export class ShowAd extends LangQuery {
  @SlugOrId({ description: 'Slug or id of the section that the page is of: ads for it and for those above it may stand there too.' })
  section?: string;
}

/** An ad as readers get it. `lang` and `dir` are the text’s, or of what says in words what the picture shows. */
export class AdView {
  @ApiProperty({ type: 'integer', example: 5 })
  id: number;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: Dir;

  @ApiProperty({ type: String, nullable: true, example: 'كتب جديدة في معرض الخريف', description: 'Null where there is a picture.' })
  text: string | null;

  @ApiProperty({ type: PublicPicture, nullable: true, description: 'Null where there is a text.' })
  picture: PublicPicture | null;

  @ApiProperty({ format: 'uri', example: 'https://center.example/go/5', description: 'Counts the click and leads to the advertiser.' })
  link: string;

  @ApiProperty({ example: 'sponsored', description: 'What the link says of itself in HTML.' })
  rel: 'sponsored';

  @ApiProperty({ example: 'إعلان', description: 'What it is, to be shown with it.' })
  label: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  labelLang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  labelDir: Dir;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:05:00.000Z', description: 'Until when it stands there: then ask again.' })
  until: string;

  /** @param languages asked, and the center’s */
  static of(ad: RunningAd, { asked, home }: { readonly asked: Lang; readonly home: Lang }, until: Date, origin: string): AdView {
    const said = phraseIn(ad.wording ?? ad.alt ?? {}, asked, home) ?? { text: null, lang: asked, dir: dirOf(asked) };
    return {
      id: ad.id,
      lang: said.lang,
      dir: said.dir,
      text: ad.wording === null ? null : said.text,
      picture: ad.picture,
      link: `${origin}/go/${ad.id}`,
      rel: 'sponsored',
      label: AD_LABELS[asked],
      labelLang: asked,
      labelDir: dirOf(asked),
      until: until.toISOString(),
    };
  }
}
