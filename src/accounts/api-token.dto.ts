import { ApiProperty } from '@nestjs/swagger';
import { SCOPES, type Scope } from '../access/scopes.js';
import { Choices, Instant, Line } from '../http/body.js';
import { ANY_CODE, GivenCode } from './second-factor.dto.js';
import { GivenPassword } from './session.dto.js';

/** A token for a program that is to act as the editor. */
export class MakeToken {
  @Line({ max: 100, description: 'What the program is, for its owner and for the audit log.', example: 'نقل الأرشيف' })
  name: string;

  @Choices(SCOPES, { min: 1, description: 'What the program may do, where the editor may.', example: ['articles:read', 'articles:write'] })
  scopes: Scope[];

  @Instant({ description: 'When it ends: 366 days from now at the latest.', example: '2026-12-31T22:00:00Z' })
  expiresAt: Date;

  @GivenPassword()
  password: string;

  @GivenCode(`Where the second factor is on. ${ANY_CODE}`, { optional: true })
  code?: string;
}

/** A token as the database gives it. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: Scope[];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly used_at: Date | null;
}

/** A token as its owner sees it. */
export class TokenView {
  @ApiProperty({ format: 'uuid', example: '9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a', description: 'To revoke it by; it opens nothing.' })
  id: string;

  @ApiProperty({ example: 'نقل الأرشيف' })
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true, example: ['articles:read', 'articles:write'] })
  scopes: Scope[];

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00.000Z' })
  createdAt: string;

  @ApiProperty({ format: 'date-time', example: '2026-12-31T22:00:00.000Z' })
  expiresAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null, description: 'Its last use, to the minute.' })
  lastUsedAt: string | null;

  static of({ id, name, scopes, created_at, expires_at, used_at }: TokenRow): TokenView {
    return {
      id,
      name,
      scopes,
      createdAt: created_at.toISOString(),
      expiresAt: expires_at.toISOString(),
      lastUsedAt: used_at?.toISOString() ?? null,
    };
  }
}

export class NewToken extends TokenView {
  @ApiProperty({ example: 'mkz_x0hJm3kq9Wc…', description: 'For `Authorization: Bearer`. Shown this once.' })
  token: string;
}

/** The editor's tokens, the newest first; ended ones for a month. */
export class TokenList {
  @ApiProperty({ type: [TokenView] })
  items: TokenView[];

  static of(rows: readonly TokenRow[]): TokenList {
    return { items: rows.map(TokenView.of) };
  }
}
