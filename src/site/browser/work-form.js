// Forms that say where their work is to be had: does it beside the page, sends the form to its own address with the work as one more field, and
// puts the answer in the place of what the page shows. Where the work cannot be done, the form goes without, as it would without this script.

/** Longer than the dearest challenge takes the slowest phone, in milliseconds. */
const LONGEST = 60_000;

let shown = location.pathname + location.search;

document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset['challenge'] === undefined) return;
  event.preventDefault();
  if (form.ariaBusy !== 'true') void send(form, form.dataset['challenge']);
});

// The way back from an answer leads to a page that is no more here. Links within the page lead nowhere else.
addEventListener('popstate', () => {
  if (location.pathname + location.search !== shown) location.reload();
});

/**
 * @param {HTMLFormElement} form
 * @param {string} challenge method and address
 */
async function send(form, challenge) {
  const fields = new FormData(form);
  busy(form, true, form.dataset['working']);
  try {
    const work = await workOf(challenge);
    if (work !== null) fields.set('work', work);
    const body = new URLSearchParams(/** @type {[string, string][]} */ ([...fields]));
    show(await fetch(form.action, { method: 'POST', body, headers: { accept: 'text/html' } }).then(pageOf));
  } catch {
    busy(form, false, form.dataset['lost']);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {boolean} is
 * @param {string} [said]
 */
function busy(form, is, said = '') {
  form.ariaBusy = String(is);
  // Not `disabled`, which would take the focus away from it.
  form.querySelector('[type="submit"]')?.setAttribute('aria-disabled', String(is));
  const progress = form.querySelector('[role="status"]');
  if (progress !== null) progress.textContent = said;
}

/**
 * What stands for the work in the form; null where none is asked for, or it cannot be done. Fails when nobody answers.
 * @param {string} challenge
 */
async function workOf(challenge) {
  const [method, address] = /** @type {[string, string]} */ (challenge.split(' '));
  const answer = await fetch(address, { method });
  // A refusal is worded by the form's own answer.
  if (!answer.ok) return null;
  const { work } = await answer.json();
  if (work === null) return null;
  const solution = await solved(work.parameters).catch(() => null);
  return solution === null ? null : btoa(JSON.stringify({ challenge: work, solution }));
}

/** @param {object} parameters @returns {Promise<object | null>} */
function solved(parameters) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./work.js', import.meta.url), { type: 'module' });
    const end = (/** @type {object | null} */ solution) => {
      worker.terminate();
      clearTimeout(late);
      resolve(solution);
    };
    const late = setTimeout(end, LONGEST, null);
    worker.addEventListener('message', ({ data }) => end(data));
    worker.addEventListener('error', () => end(null));
    worker.postMessage(parameters, []);
  });
}

/** @param {Response} answer */
async function pageOf(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const main = page.querySelector('main');
  // What something before the site says, or the site where it has failed, is no place to leave a filled in form for.
  if (main === null || (answer.status >= 500 && main.querySelector('form') === null)) throw new Error(String(answer.status));
  return { main, title: page.title, address: answer.redirected ? answer.url : null };
}

/** @param {Awaited<ReturnType<typeof pageOf>>} page */
function show({ main, title, address }) {
  document.querySelector('main')?.replaceWith(main);
  document.title = title;
  if (address !== null) history.pushState(null, '', address);
  shown = location.pathname + location.search;
  const said = /** @type {HTMLElement | null} */ (main.querySelector('[role="alert"], [tabindex="-1"][role="status"]'));
  (said ?? main).focus();
  (said ?? main).scrollIntoView({ block: 'nearest' });
}
