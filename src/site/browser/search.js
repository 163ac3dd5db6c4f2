// The page of search: its results without a new page each time. Without this the same form and links lead there, page by page.

const addressNow = () => location.pathname + location.search;
/** Of what stands there: the browser's address may be ahead of it. */
let shown = addressNow();
let awaited = new AbortController();

/** Puts the results of an address in place; what cannot be had so is gone to. @param {string} address */
async function bring(address) {
  awaited.abort();
  const { signal } = (awaited = new AbortController());
  const isNew = address !== addressNow();
  document.querySelector('main')?.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(address, { signal, headers: { accept: 'text/html' } });
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (signal.aborted) return;
    // In another language all around it is another too.
    if (!answer.ok || next.documentElement.lang !== document.documentElement.lang) throw new Error(address);
    if (isNew) history.pushState(null, '', address);
    shown = address;
    document.title = next.title;
    for (const part of ['main', '.languages']) document.querySelector(part)?.replaceWith(/** @type {Node} */ (next.querySelector(part)));
    dispatchEvent(new Event('results'));
    const status = /** @type {HTMLElement} */ (document.querySelector('main .found') ?? document.querySelector('main'));
    status.tabIndex = -1;
    status.focus();
  } catch {
    if (signal.aborted) return;
    if (isNew) location.assign(address);
    else location.reload();
  }
}

document.addEventListener('submit', (event) => {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  void bring(`/search?${new URLSearchParams(/** @type {[string, string][]} */ ([...data]))}`);
});
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element && event.target.closest('main a');
  if (!(link instanceof HTMLAnchorElement) || link.origin + link.pathname !== location.origin + '/search') return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  void bring(link.pathname + link.search);
});
addEventListener('popstate', () => {
  awaited.abort();
  document.querySelector('main')?.removeAttribute('aria-busy');
  if (addressNow() !== shown) void bring(addressNow());
});
