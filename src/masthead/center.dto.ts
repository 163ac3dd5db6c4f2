import { ApiProperty } from '@nestjs/swagger';

class MastheadEntry {
  @ApiProperty({ example: 'رئيس التحرير' })
  role: string;

  @ApiProperty({ example: 'ليلى عبد الله' })
  person: string;

  @ApiProperty({ type: String, format: 'date', nullable: true, example: '2024-01-01' })
  since: string | null;
}

class ContactView {
  @ApiProperty({ type: String, nullable: true, example: 'info@example.org' })
  email: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  phone: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'القاهرة' })
  address: string | null;
}

/** The center, as it presents itself. */
export class CenterView {
  @ApiProperty({ example: 'مركز النخلة للدراسات' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: 'قراءات هادئة في قضايا طويلة' })
  tagline: string | null;

  @ApiProperty({ example: 'Africa/Cairo', description: 'IANA zone of datelines and of dates without time.' })
  zone: string;

  @ApiProperty({ type: [MastheadEntry], description: 'Those in office today, in order.' })
  masthead: MastheadEntry[];

  @ApiProperty({ type: ContactView })
  contact: ContactView;
}
