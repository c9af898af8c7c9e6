/** The part of autocannon 9 that is used here; the package brings no types. */
declare module 'autocannon' {
  export interface Request {
    readonly method: 'POST';
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }
  export interface Client {
    setRequests(requests: readonly Request[]): void;
  }
  export interface Result {
    readonly requests: { readonly total: number };
    /** Seconds. */
    readonly duration: number;
    /** Milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number };
    readonly errors: number;
    readonly non2xx: number;
    readonly mismatches: number;
  }
  export default function autocannon(options: {
    url: string;
    connections: number;
    duration?: number;
    amount?: number;
    /** Seconds until an answer that has not come counts as an error. */
    timeout?: number;
    /** Milliseconds. */
    sampleInt?: number;
    setupClient: (client: Client) => void;
    verifyBody: (body: string) => boolean;
  }): Promise<Result>;
}
