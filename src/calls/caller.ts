/**
 * A browser by its maker's name; one that is none of these; or an app, also one that shows web pages itself. A closed
 * set, because it goes into mails.
 */
export type Browser = 'chrome' | 'edge' | 'firefox' | 'opera' | 'safari' | 'samsung-internet' | 'other' | 'app';

/** The caller of a request, as limits, audit trail and log need it. */
export interface Caller {
  /** The IPv4 address, or the IPv6 /64, because one household has a whole /64. */
  readonly client: string;
  /**
   * What the client is part of, widest first: of IPv4 the /24; of IPv6 the /32 (a provider), the /48 and the /56 (what
   * providers give to one customer). Never empty.
   */
  readonly networks: readonly string[];
  /** Identifies this request; sent as `x-request-id` and written in the log lines of the request. */
  readonly requestId: string;
  /** Null or undefined where the caller is neither: an app's server, for instance. */
  readonly browser?: Browser | null;
}
