// Says that what this page marks was before a reader's eyes. Nothing about the reader is sent: the address says what was seen, and that is all.
// `data-view` is on what the page itself is: it counts once the page is shown, which one made ahead of its reader is not yet.
// `data-seen` is on what stands beside: it counts once half of it was in sight for a second, as those who pay for it agreed among themselves.

const IN_SIGHT_MS = 1_000;

/** @param {Element} element @param {string} mark */
const report = (element, mark) => navigator.sendBeacon(String(element.getAttribute(mark)));

/** By what is in sight, and not yet for a second. @type {Map<Element, number>} */
const timers = new Map();

/** @param {Element} element */
function lose(element) {
  clearTimeout(timers.get(element));
  timers.delete(element);
}

const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, intersectionRatio } of entries) {
      lose(target);
      if (intersectionRatio < 0.5) continue;
      const seen = () => {
        sight.unobserve(target);
        marked.delete(target);
        report(target, 'data-seen');
      };
      timers.set(target, setTimeout(seen, IN_SIGHT_MS));
    }
  },
  { threshold: 0.5 },
);

const marked = new Set(document.querySelectorAll('[data-seen]'));
let isCounted = false;

/** The page came before the reader's eyes, or left them: what is in sight is looked at anew. */
function look() {
  sight.disconnect();
  timers.forEach((_, element) => lose(element));
  if (document.visibilityState === 'hidden' || ('prerendering' in document && document.prerendering)) return;
  for (const element of marked) sight.observe(element);
  if (isCounted) return;
  isCounted = true;
  for (const element of document.querySelectorAll('[data-view]')) report(element, 'data-view');
}

document.addEventListener('visibilitychange', look);
document.addEventListener('prerenderingchange', look);
look();
