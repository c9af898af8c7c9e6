/** Headers for every answer (OWASP ASVS 5.0, 3.4). */
export function securityHeaders(production: boolean): Readonly<Record<string, string>> {
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'x-robots-tag': 'noindex',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ...(production ? { 'strict-transport-security': 'max-age=63072000; includeSubDomains' } : {}),
  };
}

/** What says nothing of a script or a style sheet that is kept for ever: it is no document, and no single answer. */
export const notOfFiles = ['cross-origin-opener-policy', 'x-frame-options', 'x-request-id'] as const;

/** For the page that asks for the new password: only its own scripts and styles, nothing from other origins. */
export const pageSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** For a logo, which is a picture and nothing else, also for whoever opens it as a document. */
export const logoSecurityPolicy = "default-src 'none'; sandbox";

/** For pages of words and links: our style sheet, with the pictures in it, and a logo. */
export const plainPageSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self' data:",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Apollo Sandbox, in development only: its page comes from Apollo's servers. */
export const sandboxSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' https://embeddable-sandbox.cdn.apollographql.com https://apollo-server-landing-page.cdn.apollographql.com",
  "style-src 'self' 'unsafe-inline' https://apollo-server-landing-page.cdn.apollographql.com https://fonts.googleapis.com",
  'font-src https://fonts.gstatic.com',
  "img-src 'self' data: https://apollo-server-landing-page.cdn.apollographql.com",
  'manifest-src https://apollo-server-landing-page.cdn.apollographql.com',
  "frame-src 'self' https://sandbox.embed.apollographql.com",
  "frame-ancestors 'none'",
].join('; ');
