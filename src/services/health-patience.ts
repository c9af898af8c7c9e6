/**
 * Milliseconds for the answer of a store: a balancer gives up after a few seconds, and a stalled store would take
 * longer.
 */
export const healthPatience = 2_000;
