import type { Settings } from '../settings/settings.js';
import { ConfirmSignUp, type ConfirmSignUpParts } from '../sign-up-confirmation/confirm-sign-up.js';
import { SignUpDelivery, type SignUpDeliveryParts } from '../sign-up-confirmation/sign-up-delivery.js';
import { SignUpKeys } from '../sign-up-confirmation/sign-up-keys.js';
import type { createLimits } from './limits.js';
import type { Parts } from './parts.js';

type Shared = Omit<ConfirmSignUpParts, 'isOn' | 'keys' | 'keyFailures'> &
  Omit<SignUpDeliveryParts, 'settings' | 'keys' | 'mailsPerAddress'> &
  Pick<Parts, 'metrics'>;

/** What makes accounts by a mail: one part for the API, one for the worker, and their keys. */
export function signUpConfirmation(settings: Settings, limits: ReturnType<typeof createLimits>, shared: Shared) {
  const keys = new SignUpKeys(shared.redis, settings.secrets, shared.log, shared.metrics);
  const { keyFailures } = limits.reset;
  const { signUpMailsPerAddress: mailsPerAddress } = limits;
  return {
    confirm: () => new ConfirmSignUp({ ...shared, keys, keyFailures, isOn: settings.accounts.signUp === 'confirm' }),
    delivery: () => new SignUpDelivery({ ...shared, keys, mailsPerAddress, settings: settings.passwordReset }),
  };
}
