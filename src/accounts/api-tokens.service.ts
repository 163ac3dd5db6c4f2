import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { mayEver, type ActingEditor, type Role } from '../access/policy.js';
import { SCOPE_ACTS, actsOf, type Scope } from '../access/scopes.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { MailRoom } from '../mail/mail-room.service.js';
import { TokenList, TokenView, type MakeToken, type NewToken, type TokenRow } from './api-token.dto.js';
import { Credentials } from './credentials.service.js';
import type { Client } from './desk-cookies.js';
import { grantsAsJson } from './editors.queries.js';
import { accessChangedMail } from './second-factor.mail.js';
import { codeRequired, wrongCode } from './second-factor.refusals.js';
import { SecondFactors } from './second-factors.service.js';
import type { Bearer } from './sessions.service.js';
import { newApiToken, tokenHash } from './tokens.js';

/** More than anybody can keep apart. */
const MAX_PER_EDITOR = 50;

interface TokenBearerRow extends ActingEditor {
  readonly tokenId: string;
  readonly tokenName: string;
  readonly scopes: Scope[];
  readonly stale: boolean;
  readonly mustEnrol: boolean;
}

/**
 * Tokens by which programs act as an editor: 256 random bits, of which the database holds the SHA-256. What a token may do is what the
 * editor may at the moment of each request, and of that only what its scopes cover.
 */
@Injectable()
export class ApiTokens {
  constructor(
    private readonly dataSource: DataSource,
    private readonly credentials: Credentials,
    private readonly factors: SecondFactors,
    private readonly audit: AuditService,
    private readonly mailRoom: MailRoom,
  ) {}

  async list(editorId: number): Promise<TokenList> {
    const rows = await this.dataSource.query<TokenRow[]>(
      `select id, name, scopes, created_at, expires_at, used_at from api_tokens where editor_id = $1 order by created_at desc, id`,
      [editorId],
    );
    return TokenList.of(rows);
  }

  /**
   * The token outlives the session, so the session alone does not make one: password and code prove who asks.
   * @returns the token, which is nowhere else
   * @throws Problem 422 `wrong_password`, `code_required`, `wrong_code`, `token_expiry`, `scope_not_allowed`; 409 `too_many_tokens`; 429 `too_many_tries`
   */
  async make(actor: EditorActor, { name, scopes, expiresAt, password, code }: MakeToken, client: Client): Promise<NewToken> {
    const { id, role } = actor.editor;
    if (!scopes.every((scope) => isOfUse(scope, role))) throw scopeNotAllowed();
    const token = newApiToken();
    // The editor is held, so that tokens are counted one after the other, and none is made while all end.
    return this.credentials.prove(actor, client, password, async (tx, account) => {
      if (await this.factors.isOn(tx, id)) {
        if (code === undefined) throw codeRequired('act');
        if (!(await this.credentials.takeCode(tx, account, code))) return wrongCode('act');
      }
      const [row] = await tx.query<TokenRow[]>(
        `insert into api_tokens (editor_id, name, token_hash, scopes, expires_at)
         select $1, $2, $3, $4, $5 where (select count(*) from api_tokens where editor_id = $1) < $6
         returning id, name, scopes, created_at, expires_at, used_at`,
        [id, name, tokenHash(token), scopes, expiresAt, MAX_PER_EDITOR],
      );
      if (!row) throw tooManyTokens();
      const after = { tokenId: row.id, name, scopes, expiresAt };
      await this.audit.record(tx, actor, { act: 'editors.make_token', object: { type: 'editor', id }, after });
      const { email, lang } = account;
      const mail = accessChangedMail('token_made', account, await this.mailRoom.letterhead(tx, lang), name);
      await this.mailRoom.post(tx, { kind: 'access_changed', dedupeKey: `token_made:${row.id}`, to: email, mail });
      return { ...TokenView.of(row), token };
    });
  }

  /** Revokes one of the editor's own. @throws Problem 404 */
  async revoke(actor: EditorActor, id: string): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      const [revoked] = await tx.query<[{ name: string }[], number]>(
        `delete from api_tokens where id = $1 and editor_id = $2 returning name`,
        [id, actor.editor.id],
      );
      if (!revoked[0]) throw noSuchThing();
      const before = { tokenId: id, name: revoked[0].name };
      await this.audit.record(tx, actor, { act: 'editors.revoke_token', object: { type: 'editor', id: actor.editor.id }, before });
    });
  }

  /**
   * @returns in whose name the token acts; null when it has expired, was revoked or never was, or its editor is suspended. Its use counts,
   *   written down once a minute.
   */
  async bearerOf(token: string): Promise<Bearer | null> {
    const [row] = await this.dataSource.query<TokenBearerRow[]>(
      `select e.id, e.name, e.role, ${grantsAsJson} as sections, t.id as "tokenId", t.name as "tokenName", t.scopes,
         t.used_at is null or t.used_at < now() - interval '1 minute' as stale,
         exists (select from center where e.role = any(second_factor_roles))
           and not exists (select from second_factors f where f.editor_id = e.id and f.confirmed_at is not null) as "mustEnrol"
       from api_tokens t join editors e on e.id = t.editor_id
       where t.token_hash = $1 and t.expires_at > now() and e.state = 'active'`,
      [tokenHash(token)],
    );
    if (!row) return null;
    const { id, name, role, sections, tokenId, tokenName, scopes, stale, mustEnrol } = row;
    if (stale) await this.dataSource.query(`update api_tokens set used_at = now() where id = $1`, [tokenId]);
    return { editor: { id, name, role, sections, token: { name: tokenName, acts: actsOf(scopes) } }, mustEnrol };
  }
}

/** A token is made for what its editor may do now: one who is promoted later makes another. */
function isOfUse(scope: Scope, role: Role): boolean {
  return SCOPE_ACTS[scope].some((act) => mayEver(role, act));
}

function scopeNotAllowed(): Problem {
  return fieldRefused(422, 'scope_not_allowed', 'scopes', {
    ar: 'في النطاقات ما ليس من صلاحياتك.',
    en: 'Your role does not allow some of these scopes.',
  });
}

function tooManyTokens(): Problem {
  return new Problem(409, 'too_many_tokens', {
    ar: 'عندك خمسون رمزًا؛ ألغِ ما لا تحتاج إليه أولًا.',
    en: 'You have fifty tokens; revoke some that you no longer need first.',
  });
}
