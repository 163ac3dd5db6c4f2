import { ApiProperty, PartialType } from '@nestjs/swagger';
import { ROLES, type Role } from '../access/policy.js';
import { Choice, Choices, Day, Flag, Line, Part, Parts, Version, Whole, WholeWording, Words, field } from '../http/body.js';
import { parseAddress } from '../mail/address.js';
import { LANGS, type Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import { DEFAULT_COLOR, type Center, type MastheadTerm } from './center.entity.js';

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

const isAddress = (value: unknown): boolean => typeof value === 'string' && parseAddress(value) !== null;

class ContactFields {
  @field('address', isAddress, { type: 'string', format: 'email' }, { description: 'Mail address.', optional: true, nullable: true })
  email?: string | null;

  @Line({ description: 'Telephone.', example: '+20 2 0000 0000', max: 50, optional: true, nullable: true })
  phone?: string | null;

  @Words({ description: 'Postal address.', example: { ar: 'القاهرة' }, max: 500, empty: true, optional: true })
  address?: Wording;
}

class TermFields {
  @Words({ description: 'The office.', example: { ar: 'رئيس التحرير' }, max: 200 })
  role: Wording;

  @Words({ description: 'Who holds it.', example: { ar: 'ليلى عبد الله' }, max: 200 })
  person: Wording;

  @Day({ description: 'First day, in the center’s zone.', example: '2024-01-01', optional: true, nullable: true })
  since?: string | null;

  @Day({ description: 'Last day; null while it lasts.', example: null, optional: true, nullable: true })
  until?: string | null;
}

class RetentionFields {
  @Whole({
    description:
      'Days until a revision goes that was never submitted, scheduled or published, and that a later one has replaced; null: never.',
    example: 365,
    min: 1,
    max: 36_500,
    optional: true,
    nullable: true,
  })
  revisionsDays?: number | null;

  @Whole({
    description: 'Days until a line of the audit log goes; null: never.',
    example: 1_825,
    min: 30,
    max: 36_500,
    optional: true,
    nullable: true,
  })
  auditDays?: number | null;
}

class CenterFields {
  @Choice(LANGS, { description: 'Language that missing wording falls back to; left out of PUT: ar.', example: 'ar', optional: true })
  lang?: Lang;

  @Line({
    description: 'IANA zone of datelines and of dates without time; left out of PUT: Africa/Cairo.',
    example: 'Africa/Cairo',
    max: 100,
    optional: true,
  })
  zone?: string;

  @Words({ description: 'Name.', example: { ar: 'مركز النخلة للدراسات' }, max: 200 })
  name: Wording;

  @Words({ description: 'What it says of itself.', example: { ar: 'قراءات هادئة في قضايا طويلة' }, max: 500, empty: true, optional: true })
  tagline?: Wording;

  @Words({ description: 'Printed as publisher where a piece names none.', example: {}, max: 200, empty: true, optional: true })
  publisher?: Wording;

  @Part(() => ContactFields, { description: 'Replaced whole.', optional: true })
  contact?: ContactFields;

  @field(
    'color',
    (value) => typeof value === 'string' && /^#[0-9a-f]{6}$/.test(value),
    { type: 'string', pattern: '^#[0-9A-Fa-f]{6}$' },
    { description: 'Of its letters; white must be readable on it. Left out of PUT: #0b5c56.', example: DEFAULT_COLOR, optional: true },
    (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  )
  color?: string;

  @Flag({
    description: 'Whether readers may have pieces mailed to friends by this server; left out of PUT: true.',
    example: true,
    optional: true,
  })
  mailSharing?: boolean;

  @Choices(ROLES, {
    description: 'Whose editors must sign in with a second factor, from their next request on; left out of PUT: nobody.',
    example: ['admin'],
    optional: true,
  })
  secondFactorRoles?: Role[];

  @Part(() => RetentionFields, {
    description: 'How long the desk keeps what it may let go of. What PATCH leaves out stays; left out of PUT: for good.',
    optional: true,
  })
  retention?: RetentionFields;

  @Parts(() => TermFields, { description: 'All terms, past ones too, in the order of the page; replaced whole.', max: 200, optional: true })
  masthead?: TermFields[];
}

export class ReplaceCenter extends CenterFields {
  @Version()
  version: number;
}

export class ChangeCenter extends PartialType(CenterFields, { skipNullProperties: false }) {
  @Version()
  version: number;
}

class DeskContact {
  @ApiProperty({ type: String, nullable: true, example: 'info@example.org' })
  email: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  phone: string | null;

  @WholeWording({ description: 'Postal address.', example: { ar: 'القاهرة' } })
  address: Wording;
}

class DeskTerm {
  @WholeWording({ description: 'The office.', example: { ar: 'رئيس التحرير' } })
  role: Wording;

  @WholeWording({ description: 'Who holds it.', example: { ar: 'ليلى عبد الله' } })
  person: Wording;

  @ApiProperty({ type: String, format: 'date', nullable: true, example: '2024-01-01' })
  since: string | null;

  @ApiProperty({ type: String, format: 'date', nullable: true, example: null })
  until: string | null;
}

class DeskRetention {
  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'Days of revisions that nobody needs; null: for good.' })
  revisionsDays: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'Days of the audit log; null: for good.' })
  auditDays: number | null;
}

/** The center as the desk has it. */
export class DeskCenter {
  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ example: 'Africa/Cairo' })
  zone: string;

  @WholeWording({ description: 'Name.', example: { ar: 'مركز النخلة للدراسات' } })
  name: Wording;

  @WholeWording({ description: 'What it says of itself.', example: { ar: 'قراءات هادئة في قضايا طويلة' } })
  tagline: Wording;

  @WholeWording({ description: 'Printed as publisher where a piece names none.', example: {} })
  publisher: Wording;

  @ApiProperty({ type: DeskContact })
  contact: DeskContact;

  @ApiProperty({ example: DEFAULT_COLOR, description: 'Of its letters.' })
  color: string;

  @ApiProperty({ description: 'Whether readers may have pieces mailed to friends by this server.' })
  mailSharing: boolean;

  @ApiProperty({ enum: ROLES, isArray: true, example: [], description: 'Whose editors must sign in with a second factor.' })
  secondFactorRoles: Role[];

  @ApiProperty({ type: DeskRetention, description: 'How long the desk keeps what it may let go of.' })
  retention: DeskRetention;

  @ApiProperty({ type: [DeskTerm], description: 'All terms, past ones too, in order.' })
  masthead: DeskTerm[];

  static of(
    {
      version,
      lang,
      zone,
      name,
      tagline,
      publisher,
      contact,
      color,
      mailSharing,
      secondFactorRoles,
      revisionsKeptDays,
      auditKeptDays,
    }: Center,
    terms: readonly MastheadTerm[],
  ): DeskCenter {
    return {
      version,
      lang,
      zone,
      name,
      tagline,
      publisher,
      contact: { email: contact.email ?? null, phone: contact.phone ?? null, address: contact.address ?? {} },
      color,
      mailSharing,
      secondFactorRoles,
      retention: { revisionsDays: revisionsKeptDays, auditDays: auditKeptDays },
      masthead: terms.map(({ role, person, since, until }) => ({ role, person, since, until })),
    };
  }
}
