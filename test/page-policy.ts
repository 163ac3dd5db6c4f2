/** The content security policy of every reader page: everything from here, nothing inline. */
export const PAGE_POLICY = [
  "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'",
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
].join('; ');
