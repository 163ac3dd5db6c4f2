import { ApiProperty } from '@nestjs/swagger';
import { LANGS, type Lang } from '../text/language.js';

/** How a piece is passed on without this server. Title and address stand on lines of their own, so that neither turns the other round. */
export class ShareLinks {
  @ApiProperty({ example: 'النقل العام في المدن', description: 'With `text` and `url` what `navigator.share` takes.' })
  title: string;

  @ApiProperty({ example: 'النقل العام في المدن\n', description: 'The title and a line end: programs put the address right behind it.' })
  text: string;

  @ApiProperty({ format: 'uri', example: 'https://center.example/articles/12/%D8%A7%D9%84%D9%86%D9%82%D9%84', description: 'Canonical.' })
  url: string;

  @ApiProperty({ enum: LANGS, example: 'ar', description: 'Of the piece.' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: string;

  @ApiProperty({ example: 'mailto:?subject=%D8%A7%D9%84%D9%86%D9%82%D9%84&body=…', description: 'RFC 6068.' })
  mailto: string;

  @ApiProperty({ format: 'uri', example: 'https://wa.me/?text=%D8%A7%D9%84%D9%86%D9%82%D9%84%0Ahttps%3A%2F%2F…' })
  whatsapp: string;

  @ApiProperty({ format: 'uri', example: 'https://t.me/share/url?url=https%3A%2F%2F…&text=%D8%A7%D9%84%D9%86%D9%82%D9%84' })
  telegram: string;

  @ApiProperty({ format: 'uri', example: 'https://x.com/intent/post?text=%D8%A7%D9%84%D9%86%D9%82%D9%84%0A&url=https%3A%2F%2F…' })
  x: string;

  @ApiProperty({ format: 'uri', example: 'https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2F…' })
  facebook: string;

  @ApiProperty({ description: 'Whether this center also mails it: `POST articles/{idOrSlug}/shares`.' })
  mail: boolean;
}
