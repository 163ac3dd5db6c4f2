import { ApiProperty } from '@nestjs/swagger';
import { ROLES, type Role } from '../access/policy.js';
import { Line, field } from '../http/body.js';
import type { Address } from '../mail/address.js';
import { AddressField } from '../mail/address-field.js';
import { LANGS, type Lang } from '../text/language.js';
import { PASSWORD_LENGTH, isPassword, isTyped } from './passwords.js';

const EDITORS_OWN = {
  description: 'As the editor was invited by it; only the case of the domain does not count.',
  example: 'salma@center.example',
} as const;

/** A password that is to be: its rules are told. */
function NewPassword(): PropertyDecorator {
  return field(
    'password',
    isPassword,
    { type: 'string', minLength: PASSWORD_LENGTH.min, maxLength: PASSWORD_LENGTH.max },
    { description: 'Any characters; not the editor’s own name or address.', example: 'four words are enough' },
  );
}

/** A password that may be the right one. */
export function GivenPassword(): PropertyDecorator {
  return field(
    'prose',
    isTyped,
    { type: 'string', minLength: 1, maxLength: PASSWORD_LENGTH.max * 4 },
    { description: 'The password of now.', example: 'four words are enough' },
  );
}

export class SignIn {
  @AddressField(EDITORS_OWN)
  email: Address;

  @GivenPassword()
  password: string;

  @Line({
    optional: true,
    max: 40,
    description: 'Of the second factor, for editors who have one: six digits of the authenticator, or a recovery code.',
    example: '123456',
  })
  code?: string;
}

export class AskForReset {
  @AddressField(EDITORS_OWN)
  email: Address;
}

export class SetPassword {
  @Line({ max: 200, description: 'What stands behind the # of the link in the mail.', example: 'wQ0xJ4f7…' })
  token: string;

  @NewPassword()
  password: string;
}

export class ChangePassword {
  @GivenPassword()
  currentPassword: string;

  @NewPassword()
  password: string;
}

/** The signed-in editor. */
export class Me {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ example: 'سلمى المحررة' })
  name: string;

  @ApiProperty({ example: 'salma@center.example' })
  email: string;

  @ApiProperty({ enum: ROLES, example: 'section_editor' })
  role: Role;

  @ApiProperty({ enum: LANGS, example: 'ar', description: 'Of the mail to this editor.' })
  lang: Lang;

  @ApiProperty({ type: [Number], example: [2], description: 'Ids of the granted sections; each grant covers all below it.' })
  sections: number[];

  static of({ id, name, email, role, lang, sections }: Me): Me {
    return { id, name, email, role, lang, sections };
  }
}

export class Session {
  @ApiProperty({ example: 'x0hJm3kq9Wc…', description: 'For `Authorization: Bearer`; the cookie holds the same.' })
  token: string;

  @ApiProperty({ type: Me })
  editor: Me;
}

/** A session as the database gives it. */
export interface SessionRow {
  readonly id: string;
  readonly current: boolean;
  readonly agent: string | null;
  readonly created_at: Date;
  readonly seen_at: Date;
  readonly second_factor: boolean;
}

/** A session as its owner sees it. */
class SessionView {
  @ApiProperty({ format: 'uuid', example: '9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a', description: 'To end it by; it opens nothing.' })
  id: string;

  @ApiProperty({ description: 'Whether it is the session of this request.' })
  current: boolean;

  @ApiProperty({ type: String, nullable: true, example: 'Firefox on Linux', description: 'Where it was opened, where that can be said.' })
  agent: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00.000Z' })
  createdAt: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z', description: 'Its last use, to the minute.' })
  lastSeenAt: string;

  @ApiProperty({ description: 'Whether it was opened with a second factor.' })
  secondFactor: boolean;

  static of({ id, current, agent, created_at, seen_at, second_factor }: SessionRow): SessionView {
    return {
      id,
      current,
      agent,
      createdAt: created_at.toISOString(),
      lastSeenAt: seen_at.toISOString(),
      secondFactor: second_factor,
    };
  }
}

/** The editor's open sessions, the newest first. */
export class SessionList {
  @ApiProperty({ type: [SessionView] })
  items: SessionView[];

  static of(rows: readonly SessionRow[]): SessionList {
    return { items: rows.map(SessionView.of) };
  }
}

/** The same whether anybody has this address or not. */
export class ResetAsked {}
