import { ApiProperty } from '@nestjs/swagger';

class PublicRendition {
  @ApiProperty({ format: 'uri', example: 'https://center.example/media/7/640.avif' })
  url: string;

  @ApiProperty({ enum: ['image/avif', 'image/webp'], example: 'image/avif' })
  type: string;

  @ApiProperty({ type: 'integer', example: 640, description: 'In pixels.' })
  width: number;

  @ApiProperty({ type: 'integer', example: 360 })
  height: number;
}

class FocalPoint {
  @ApiProperty({ example: 0.5, description: 'From the left, 0 to 1.' })
  x: number;

  @ApiProperty({ example: 0.5, description: 'From the top, 0 to 1.' })
  y: number;
}

/** A picture as readers get it: `pub.picture` builds it. */
export class PublicPicture {
  @ApiProperty({ type: 'integer', example: 7 })
  id: number;

  @ApiProperty({
    format: 'uri',
    example: 'https://center.example/media/7/960.webp',
    description: 'Where one address has to do: the widest WebP of at most 960 pixels.',
  })
  url: string;

  @ApiProperty({ type: 'integer', example: 1920, description: 'Of the picture itself, in pixels.' })
  width: number;

  @ApiProperty({ type: 'integer', example: 1080 })
  height: number;

  @ApiProperty({ example: 'جسر حجري على نهر.', description: 'What it shows, for those who cannot see it; empty where nobody said.' })
  alt: string;

  @ApiProperty({ type: String, nullable: true, example: 'تصوير: قسم الصور', description: 'Whose work it is, to be printed with it.' })
  credit: string | null;

  @ApiProperty({ type: FocalPoint, description: 'What a crop must keep.' })
  focalPoint: FocalPoint;

  @ApiProperty({ type: [PublicRendition], description: 'AVIF before WebP, from narrow to wide.' })
  renditions: PublicRendition[];
}
