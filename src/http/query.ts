import { applyDecorators, type PipeTransform } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy } from 'class-validator';
import { LANGS, type Lang } from '../text/language.js';
import { readCursor, type Cursor } from './cursor.js';
import { invalidParameter } from './input.js';

/** Accepted by every public route: chooses names and messages; on lists of articles it also filters. */
export class LangQuery {
  @OneOf(LANGS, { description: 'Language of names and messages; missing wording falls back to the center’s language.' })
  lang?: Lang;
}

/** Lists in pages: keyset cursors, never offsets. */
export class PageQuery extends LangQuery {
  @Limit()
  limit: number = 20;

  @CursorParameter()
  cursor?: Cursor;
}

/** One of a closed list. */
export function OneOf(choices: readonly string[], options: { description: string }): PropertyDecorator {
  return parameter('oneOf', (value) => typeof value === 'string' && choices.includes(value), { enum: [...choices], ...options });
}

/** 1 to 100, written plainly: `5`, not `05`, `5.0` or `5e0`. */
function Limit(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^([1-9]\d?|100)$/.test(value) ? Number(value) : value)),
    parameter('limit', (value) => typeof value === 'number', { type: 'integer', minimum: 1, maximum: 100, default: 20 }),
  );
}

function CursorParameter(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => readCursor(value) ?? value),
    parameter('cursor', (value) => typeof value === 'object' && !Array.isArray(value), {
      type: 'string',
      description: 'nextCursor of the page before.',
    }),
  );
}

/** A slug or an id: only digits are an id. */
export function SlugOrId(options: { description: string }): PropertyDecorator {
  return parameter('slugOrId', isSlugOrId, { type: 'string', ...options });
}

/** A date in the center's zone, or an instant with an offset. */
export function DayOrInstant(options: { description: string }): PropertyDecorator {
  return parameter('dayOrInstant', isDayOrInstant, { type: 'string', ...options });
}

function parameter(
  name: string,
  validate: (value: unknown) => boolean,
  schema: Parameters<typeof ApiPropertyOptional>[0],
): PropertyDecorator {
  return applyDecorators(IsOptional(), ValidateBy({ name, validator: { validate } }), ApiPropertyOptional(schema));
}

/** int4, without the values that only look like one: `0`, `007`, `1e20`. */
const ID = /^[1-9]\d{0,8}$/;

function isSlugOrId(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return /^\d+$/.test(value) ? ID.test(value) : /^[\p{L}\p{M}\p{N}\p{Join_Control}-]{1,120}$/u.test(value);
}

function isDayOrInstant(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const parts = /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/.exec(value);
  if (!parts) return false;
  // Through the calendar and back, because Date takes 31 February for 3 March. Year 0 is no year to PostgreSQL.
  const day = new Date(`${parts[1]}-${parts[2]}-${parts[3]}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || !value.startsWith(day.toISOString().slice(0, 10)) || parts[1] === '0000') return false;
  return parts[4] === undefined || !Number.isNaN(Date.parse(value));
}

/** `{idOrSlug}` and `{slug}` of a path: well-formed, NFC. */
export class SlugOrIdPipe implements PipeTransform<string, string> {
  constructor(private readonly name: string) {}

  transform(value: string): string {
    const slug = value.normalize('NFC');
    if (!isSlugOrId(slug)) throw invalidParameter(this.name, 'slugOrId');
    return slug;
  }
}
