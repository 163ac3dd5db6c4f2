import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { notAllowed, type Actor, type EditorActor } from '../access/access.js';
import type { Role } from '../access/policy.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { inTransaction } from '../database/transaction.js';
import { emailTaken } from '../http/constraints.js';
import { HomeLanguage, Problem, type Sentence } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { advanced, held } from '../http/versioned.js';
import type { Address } from '../mail/address.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { Lang } from '../text/language.js';
import { EditorPage, EditorView, type ChangeEditor, type ListEditors, type ReplaceEditor } from './editor.dto.js';
import { Editor, type EditorState } from './editor.entity.js';
import { addressChangedMail } from './editor.mail.js';
import { activeAdmins, editorById, editorPage, type EditorRow } from './editors.queries.js';
import { EnrolmentService } from './enrolment.service.js';
import { PasswordLinks } from './password-links.service.js';
import { Passwords, type PasswordHash } from './passwords.js';
import { ownSecondFactor } from './second-factor.refusals.js';
import { SessionsService } from './sessions.service.js';

/** Who is to work at the desk, and as what. */
export interface Appointment {
  readonly email: Address;
  readonly name: string;
  readonly role: Role;
  /** Of their mail; the center's where none is given. */
  readonly lang?: Lang;
  /** Ids of the sections granted to a section editor. */
  readonly sections?: readonly number[];
}

/** Appointing editors and changing what they may do. */
@Injectable()
export class EditorsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly home: HomeLanguage,
    private readonly sessions: SessionsService,
    private readonly passwords: Passwords,
    private readonly links: PasswordLinks,
    private readonly enrolment: EnrolmentService,
    private readonly mailRoom: MailRoom,
    private readonly audit: AuditService,
  ) {}

  async list({ limit, cursor, role, state, section }: ListEditors): Promise<EditorPage> {
    const rows = await this.dataSource.query<EditorRow[]>(editorPage, [limit, cursor?.key, cursor?.id, role, state, section]);
    return EditorPage.of(rows, limit);
  }

  /** @throws Problem 404 */
  async find(id: number): Promise<EditorView> {
    return view(this.dataSource.manager, id);
  }

  /** @throws Problem as {@link appoint} does */
  async create(actor: EditorActor, appointment: Appointment): Promise<EditorView> {
    return this.act(actor, async (tx) => this.appoint(tx, actor, appointment));
  }

  /**
   * Makes an editor. With a password the editor can sign in at once, without one an invitation goes out.
   * @returns the id
   * @throws Problem 409 `email_taken`, 422 `grants_not_allowed`, 422 `unknown_reference`
   */
  async appoint(tx: EntityManager, actor: Actor, appointment: Appointment, password: PasswordHash | null = null): Promise<number> {
    const { email, name, role, lang = this.home.lang, sections = [] } = appointment;
    const state: EditorState = password === null ? 'invited' : 'active';
    const [editor] = await tx.query<{ id: number }[]>(
      `insert into editors (email, email_canonical, name, role, state, lang) values ($1, $2, $3, $4, $5, $6)
       on conflict (email_canonical) do nothing returning id`,
      [email.address, email.canonical, name, role, state, lang],
    );
    if (!editor) throw emailTaken();
    const { id } = editor;
    await grant(tx, id, role, sections);
    await (password === null ? this.links.invite(tx, id) : this.passwords.set(tx, id, password));
    const after = { email: email.address, name, role, state, lang, sections };
    await this.audit.record(tx, actor, { act: 'editors.create', object: { type: 'editor', id }, after });
    return id;
  }

  /** Puts another appointment in the place of the present one; a suspended editor stays suspended. @throws Problem as {@link change} does */
  async replace(actor: EditorActor, id: number, { lang = this.home.lang, sections = [], ...rest }: ReplaceEditor): Promise<EditorView> {
    return this.change(actor, id, { ...rest, lang, sections });
  }

  /**
   * Changes parts of an appointment, suspends or reinstates. Sessions end with any change of what the editor may do or signs in with.
   * @throws Problem 404, 409 `stale_version`, 409 `email_taken`, 409 `last_admin`, 422 `suspends_self`, 422 `grants_not_allowed`,
   *   422 `unknown_reference`
   */
  async change(
    actor: EditorActor,
    id: number,
    { version, email, name, role, lang, sections, suspended }: ChangeEditor,
  ): Promise<EditorView> {
    return this.act(actor, async (tx, admins) => {
      const editor = await held(tx, Editor, id);
      const before = await view(tx, id);
      const state = await stateAfter(tx, editor, suspended);
      const address = { email: email?.address, emailCanonical: email?.canonical };
      const changed = await advanced(tx, Editor, editor, version, { ...address, name, role, lang, state });
      // Whoever is no section editor any more keeps no grant.
      const granted = sections ?? (changed.role === 'section_editor' ? before.sections : []);
      await tx.query(`delete from editor_sections where editor_id = $1`, [id]);
      await grant(tx, id, changed.role, granted);
      if (actor.editor.id === id && changed.state === 'suspended') throw suspendsSelf();
      if (admins.length === 1 && admins[0] === id && !(changed.role === 'admin' && changed.state === 'active')) throw lastAdmin();
      const after = await view(tx, id);
      await this.follow(tx, before, after);
      await this.audit.record(tx, actor, { act: 'editors.change', object: { type: 'editor', id }, ...differences(before, after) });
      return id;
    });
  }

  /** Sends the invitation again, with a new link in place of the old. @throws Problem 404, 409 `stale_version`, 409 `wrong_state` */
  async invite(actor: EditorActor, id: number, version: number): Promise<EditorView> {
    return this.act(actor, async (tx) => {
      const { state, email } = await advanced(tx, Editor, await held(tx, Editor, id), version, {});
      if (state !== 'invited') throw wrongState(state);
      await this.links.invite(tx, id);
      await this.audit.record(tx, actor, { act: 'editors.invite', object: { type: 'editor', id }, after: { email } });
      return id;
    });
  }

  /** Takes away the second factor of an editor who has lost it. @throws Problem 404, 409 `no_second_factor`, 409 `own_second_factor` */
  async resetSecondFactor(actor: EditorActor, id: number): Promise<void> {
    await this.act(actor, async (tx) => {
      // Whoever has got hold of an admin's session would be rid of the factor without a code.
      if (actor.editor.id === id) throw ownSecondFactor();
      await this.enrolment.reset(tx, actor, await view(tx, id));
      return id;
    });
  }

  /**
   * Runs an admin's act on an editor. Acts of this kind come one after the other, so that two admins who take each other's role at once
   * cannot both succeed.
   * @param work gets the ids of all active admins and gives the editor's id
   * @throws Problem 403 `not_allowed` when the role was lost since the request came in
   */
  private async act(actor: EditorActor, work: (tx: EntityManager, admins: readonly number[]) => Promise<number>): Promise<EditorView> {
    return inTransaction(this.dataSource, async (tx) => {
      const admins = (await tx.query<{ id: number }[]>(activeAdmins)).map(({ id }) => id);
      if (!admins.includes(actor.editor.id)) throw notAllowed();
      return view(tx, await work(tx, admins));
    });
  }

  /** What has to happen at once when an appointment changed. */
  private async follow(tx: EntityManager, before: EditorView, after: EditorView): Promise<void> {
    const { id } = after;
    const moved = before.email !== after.email;
    const suspended = before.state !== 'suspended' && after.state === 'suspended';
    const rights = before.role !== after.role || before.sections.join() !== after.sections.join();
    if (moved || suspended) await this.sessions.endAllAccess(tx, id);
    else if (rights) await this.sessions.endAll(tx, id);
    // What was sent to the old address may be in the wrong hands.
    if (moved || suspended) await this.links.revoke(tx, id);
    if (moved && after.state === 'invited') await this.links.invite(tx, id);
    // Only to one who has been at the desk: the old address of an invitation may be a stranger's.
    if (moved && before.state === 'active') await this.tellOldAddress(tx, before);
  }

  private async tellOldAddress(tx: EntityManager, { id, version, email, name, lang }: EditorView): Promise<void> {
    const mail = addressChangedMail({ name, lang }, await this.mailRoom.letterhead(tx, lang));
    await this.mailRoom.post(tx, { kind: 'email_changed', dedupeKey: `email_changed:${id}:${version}`, to: email, mail });
  }
}

/** @throws Problem 404 */
async function view(tx: EntityManager, id: number): Promise<EditorView> {
  const [row] = await tx.query<EditorRow[]>(editorById, [id]);
  if (!row) throw noSuchThing();
  return EditorView.of(row);
}

/** @returns the state that a suspension, or the end of one, leads to; undefined where nothing changes */
async function stateAfter(tx: EntityManager, { id, state }: Editor, suspended: boolean | undefined): Promise<EditorState | undefined> {
  if (suspended === undefined || suspended === (state === 'suspended')) return undefined;
  if (suspended) return 'suspended';
  const passwords = await tx.query<unknown[]>(`select from editor_passwords where editor_id = $1`, [id]);
  return passwords.length > 0 ? 'active' : 'invited';
}

/** @throws Problem 422 `grants_not_allowed`; 422 `unknown_reference` where a section does not exist */
async function grant(tx: EntityManager, id: number, role: Role, sections: readonly number[]): Promise<void> {
  if (sections.length === 0) return;
  if (role !== 'section_editor') throw grantsNotAllowed();
  await tx.query(`insert into editor_sections (editor_id, section_id) select $1, unnest($2::int[])`, [id, sections]);
}

function grantsNotAllowed(): Problem {
  return fieldRefused(422, 'grants_not_allowed', 'sections', {
    ar: 'تُسند الأقسام إلى محرر القسم وحده؛ غيره لا يحتاج إليها.',
    en: 'Sections are granted to section editors only; the other roles have no use for them.',
  });
}

function suspendsSelf(): Problem {
  return fieldRefused(422, 'suspends_self', 'suspended', {
    ar: 'لا يوقف أحد نفسه؛ اطلب ذلك من مدير آخر.',
    en: 'Nobody suspends themselves; ask another admin to.',
  });
}

function lastAdmin(): Problem {
  return new Problem(409, 'last_admin', {
    ar: 'هذا آخر مدير نشط؛ عيّن مديرًا آخر أولًا.',
    en: 'This is the last active admin; appoint another one first.',
  });
}

const STATES: Readonly<Record<Exclude<EditorState, 'invited'>, Sentence>> = {
  active: {
    ar: 'اختار هذا المحرر كلمة سره من قبل، فلا يحتاج إلى دعوة.',
    en: 'This editor has a password already and needs no invitation.',
  },
  suspended: { ar: 'هذا المحرر موقوف؛ ارفع الإيقاف أولًا.', en: 'This editor is suspended; lift the suspension first.' },
};

function wrongState(state: keyof typeof STATES): Problem {
  return new Problem(409, 'wrong_state', STATES[state]);
}
