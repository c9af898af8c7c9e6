import { credentialNotices } from '../accounts/change-notices.js';
import { signUpRequests } from '../accounts/sign-up.js';
import { resetRequests } from '../password-reset/reset-requests.js';

/** Jobs that one worker process works on at the same time; the SMTP pool has a connection for each. */
export const workerSlots = { links: 6, notices: 2, signUps: 2 } as const;
/** The same by the names of the queues: what recipients' domains and retries have their shares of. */
export const slotsOfQueues = {
  [resetRequests.name]: workerSlots.links,
  [credentialNotices.name]: workerSlots.notices,
  [signUpRequests.name]: workerSlots.signUps,
} as const;
/** Every queue, for `latchkey migrate` and the counts. */
export const queues = [resetRequests, credentialNotices, signUpRequests];
