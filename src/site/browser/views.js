// Says that what this page marks was before a reader's eyes. Nothing about the reader is sent: the address says what was seen, and that is all.
for (const marked of document.querySelectorAll('[data-view]')) navigator.sendBeacon(String(marked.getAttribute('data-view')));
