import { HOTP, Secret } from 'otpauth';
import { PASSWORD, anEditor, withPassword, type TestEditor } from './factories.js';
import type { TestApp } from './test-app.js';

const STEP_SECONDS = 30;

/** The app on an editor's telephone, whose clock is the database's. */
export class Authenticator {
  constructor(
    private readonly world: TestApp,
    readonly secret: string,
  ) {}

  /** @param steps how many steps ahead of the database it is */
  async code(steps = 0): Promise<string> {
    const [{ step }] = await this.world.dataSource.query<[{ step: number }]>(`select floor(extract(epoch from now()) / $1)::int as step`, [
      STEP_SECONDS,
    ]);
    return HOTP.generate({ secret: Secret.fromBase32(this.secret), counter: step + steps });
  }

  /** A code that is wrong now and around now. */
  async wrongCode(): Promise<string> {
    const right = await Promise.all([-2, -1, 0, 1, 2].map((steps) => this.code(steps)));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.includes(code))!;
  }
}

/** An editor with {@link PASSWORD} and a second factor, switched on through the front door. */
export interface Enrolled extends TestEditor {
  readonly authenticator: Authenticator;
  readonly recoveryCodes: readonly string[];
}

/** Switches on the second factor of an editor who has a password and a session. @returns the editor with the session opened by that */
export async function enrol<Of extends TestEditor>(world: TestApp, editor: Of): Promise<Of & Enrolled> {
  const begun = await world.as(editor).post('/api/v1/desk/me/second-factor', { password: PASSWORD }).expect(201);
  const authenticator = new Authenticator(world, (begun.body as { secret: string }).secret);
  const answer = await world
    .as(editor)
    .post('/api/v1/desk/me/second-factor/confirmations', { code: await authenticator.code() })
    .expect(200);
  const { token, recoveryCodes } = answer.body as { token: string; recoveryCodes: string[] };
  await forgetSteps(world, editor.id);
  return { ...editor, token, authenticator, recoveryCodes };
}

/** As if no code had been used for a while. */
export async function forgetSteps(world: TestApp, editorId: number): Promise<void> {
  await world.dataSource.query(`update second_factors set last_step = null where editor_id = $1`, [editorId]);
}

export async function anEnrolled(
  world: TestApp,
  ...of: Parameters<typeof anEditor> extends [TestApp, ...infer Rest] ? Rest : never
): Promise<Enrolled> {
  return enrol(world, await withPassword(world, await anEditor(world, ...of)));
}

/** Waits, if need be, until the present step lasts a few seconds more, for tests of the steps beside it. */
export async function earlyInAStep(world: TestApp): Promise<void> {
  for (;;) {
    const [{ left }] = await world.dataSource.query<[{ left: number }]>(`select ($1 - mod(extract(epoch from now()), $1))::float as left`, [
      STEP_SECONDS,
    ]);
    if (left > 5) return;
    await new Promise((resume) => setTimeout(resume, left * 1000 + 100));
  }
}
