import { credentialNotices } from '../accounts/change-notices.js';
import { eventQueues } from '../accounts/credential-events.js';
import { overwriteWatch } from '../accounts/overwrites.js';
import { signUpRequests } from '../accounts/sign-up.js';
import { resetRequests } from '../password-reset/reset-requests.js';

/** Jobs that one worker process works on at the same time, by queue; there may be one SMTP connection for each. */
export const workerSlots = { links: 6, notices: 2, signUps: 2 } as const;
/** All of them. */
export const slotsOfWorker = workerSlots.links + workerSlots.notices + workerSlots.signUps;
/** The same by the names of the queues; recipients' domains and retries each get a share of these slots. */
export const slotsOfQueues = {
  [resetRequests.name]: workerSlots.links,
  [credentialNotices.name]: workerSlots.notices,
  [signUpRequests.name]: workerSlots.signUps,
} as const;
/** Events that one worker process sends to one receiver at the same time, beside its mails. */
export const receiverSlots = 2;
/** Every queue, for `latchkey migrate` and the counts. */
export const queues = [resetRequests, credentialNotices, signUpRequests, overwriteWatch, ...eventQueues];
