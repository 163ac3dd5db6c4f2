import { applyDecorators, type PipeTransform } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy } from 'class-validator';
import { cleanLine } from '../text/clean.js';
import { LANGS, type Lang } from '../text/language.js';
import { cleaned } from './body.js';
import { readCursor } from './cursor.js';
import { invalidParameter } from './input.js';

/** Accepted by every public route: chooses names and messages; on lists of articles it also filters. */
export class LangQuery {
  @OneOf(LANGS, { description: 'Language of names and messages; missing wording falls back to the center’s language.' })
  lang?: Lang;
}

/** Lists in pages: keyset cursors, never offsets. Each list adds its own `cursor`: see {@link CursorOf}. */
export class PageQuery extends LangQuery {
  @Limit()
  limit: number = 20;
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

/**
 * Where a page of the list starts; a cursor that another list gave is refused.
 * @param list as {@link cursorSql} was told @param key what a key of this list looks like
 */
export function CursorOf(list: string, key: RegExp): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => readCursor(list, value) ?? value),
    parameter('cursor', (value) => typeof value === 'object' && value !== null && 'key' in value && key.test(String(value.key)), {
      type: 'string',
      description: 'nextCursor of the page before.',
    }),
  );
}

const line = cleaned(cleanLine);

/** Words to look for, cleaned: 1 to 200 characters. */
export function Search(options: { description: string }): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => line(value)),
    parameter('line', (value) => typeof value === 'string' && value.length >= 1 && value.length <= 200, {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      ...options,
    }),
  );
}

/** Whatever a reader types into a field of search: required, at most 2,000 characters, and otherwise read as it is. */
export function Typed(options: { description: string }): PropertyDecorator {
  return applyDecorators(
    ValidateBy({ name: 'typed', validator: { validate: (value) => typeof value === 'string' && [...value].length <= 2_000 } }),
    ApiProperty({ type: 'string', maxLength: 2_000, ...options }),
  );
}

/** A slug or an id: only digits are an id. */
export function SlugOrId(options: { description: string }): PropertyDecorator {
  return parameter('slugOrId', isSlugOrId, { type: 'string', ...options });
}

/** The id of something. */
export function IdOf(options: { description: string }): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && ID.test(value) ? Number(value) : value)),
    parameter('id', (value) => typeof value === 'number', { type: 'integer', minimum: 1, ...options }),
  );
}

/** A word of one form. @param rule stable name that refusals carry */
export function Form(rule: string, form: RegExp, options: { description: string }): PropertyDecorator {
  return parameter(rule, (value) => typeof value === 'string' && form.test(value), { type: 'string', pattern: form.source, ...options });
}

/** A date in the center's zone, or an instant with an offset. */
export function DayOrInstant(options: { description: string }): PropertyDecorator {
  return applyDecorators(
    // A plus sign that was not percent-encoded arrives as a space; before an offset it can have been nothing else.
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.replace(/^(.{10}T.{1,18}) (\d\d:\d\d)$/, '$1+$2') : value,
    ),
    parameter('dayOrInstant', isDayOrInstant, { type: 'string', ...options }),
  );
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

/** Digits of any script alone are an id, and an id is written in ASCII; a slug begins and ends with a letter or digit. */
export function isSlugOrId(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  if (/^\p{Nd}+$/u.test(value)) return ID.test(value);
  return /^[\p{L}\p{N}][\p{L}\p{M}\p{N}\p{Join_Control}-]{0,119}$/u.test(value) && !value.endsWith('-');
}

/** Offsets end at 15:59, the most PostgreSQL takes; the largest in use is 14:00. */
const DAY_OR_INSTANT =
  /^(?<day>\d{4}-\d\d-\d\d)(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-5]):[0-5]\d))?$/;

function isDayOrInstant(value: unknown): boolean {
  const day = typeof value === 'string' ? DAY_OR_INSTANT.exec(value)?.groups?.['day'] : undefined;
  // Year 0 is no year to PostgreSQL.
  if (day === undefined || day.startsWith('0000')) return false;
  // Through the calendar and back, because Date takes 30 February for 2 March.
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** A part of a path that is a word of one form. @param rule stable name that refusals carry */
export class FormPipe implements PipeTransform<string, string> {
  constructor(
    private readonly name: string,
    private readonly rule: string,
    private readonly form: RegExp,
  ) {}

  transform(value: string): string {
    if (!this.form.test(value)) throw invalidParameter(this.name, this.rule);
    return value;
  }
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
