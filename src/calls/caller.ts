/** Who calls, as far as limits, audit trail and log are concerned. */
export interface Caller {
  /** The IPv4 address, or the IPv6 /64: one household has a whole one. */
  readonly client: string;
  /**
   * What the client is part of, widest first: of IPv4 the /24; of IPv6 the /32 (a provider), the /48 and the /56 (what
   * providers give to one customer). Never empty.
   */
  readonly networks: readonly string[];
  /** Of this call; stands in the answer's `x-request-id` and in every log line. */
  readonly requestId: string;
}
