/** Who calls, as far as limits, audit trail and log are concerned. */
export interface Caller {
  /** The IPv4 address, or the IPv6 /64: one household has a whole one. */
  readonly client: string;
  /** The IPv4 /24 or IPv6 /48. */
  readonly network: string;
  /** Of this call; stands in the answer's `x-request-id` and in every log line. */
  readonly requestId: string;
}
