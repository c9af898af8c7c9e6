/** Milliseconds. */
const aMoment = 250;

/**
 * For work after a mail that nobody waits for. Done immediately, it would delay the next mail, whose time would then tell
 * that there was a mail before it: see docs/decisions/held-places.md. A process that ends does not wait for it.
 *
 * @param work must not throw or reject.
 */
export function aMomentLater(work: () => unknown): void {
  setTimeout(() => void work(), aMoment).unref();
}
