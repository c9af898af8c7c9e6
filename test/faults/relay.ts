import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { type Dialogue, type SinkAnswer, type SinkStage, startSmtpSink } from '../support/smtp-sink.js';
import { now, type Recording, type Taken } from './recording.js';

export type RelayFault =
  | { readonly does: 'delay'; readonly stage: SinkStage; readonly ms: number }
  | { readonly does: 'refuse'; readonly stage: SinkStage; readonly code: number }
  | { readonly does: 'drop'; readonly stage: SinkStage };

interface RelayOptions {
  readonly recording: Recording;
  /** Which worker's connection comes from this port, and whether a fault hurt it. */
  readonly lineOf: (port: number) => { worker: string; hurt: boolean };
  readonly recordOf: (key: string) => Promise<Taken['record']>;
}

/** The relay of the workers. Its `fault` makes it wait, refuse or drop the connection at a stage of the dialogue. */
export interface Relay {
  fault: RelayFault | undefined;
  readonly url: string;
  stop(): Promise<void>;
}

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const set: Pick<Relay, 'fault'> = { fault: undefined };
  const at = (stage: SinkStage) => afterFault(set.fault, stage);
  const sink = await startSmtpSink(
    async (stage, _count, _address, dialogue) => (stage === 'DATA' ? take(options, dialogue, at) : at(stage)),
    { forgets: true },
  );
  return Object.assign(set, { url: sink.url, stop: sink.stop });
}

async function afterFault(fault: RelayFault | undefined, stage: SinkStage): Promise<SinkAnswer> {
  if (fault?.stage !== stage) return undefined;
  if (fault.does === 'drop') return 'drop';
  if (fault.does === 'delay') {
    await sleep(fault.ms);
    return undefined;
  }
  const enhanced = { 535: '5.7.8', 530: '5.7.0', 554: '5.7.1', 550: '5.1.1' }[fault.code];
  return { code: fault.code, text: `${enhanced ? `${enhanced} ` : ''}refused at ${stage}` };
}

async function take(
  { recording, lineOf, recordOf }: RelayOptions,
  { source, port }: Dialogue,
  at: (stage: SinkStage) => Promise<SinkAnswer>,
): Promise<SinkAnswer> {
  const received = now();
  const { worker } = lineOf(port);
  const mail = await PostalMime.parse(source);
  const messageId = mail.messageId ?? '';
  const key = /#key=([A-Za-z0-9_-]{43})/.exec(mail.text ?? '')?.[1];
  const record = key === undefined ? undefined : await recordOf(key);
  const answer = await at('DATA');
  // Without a 250 the mail was not taken.
  if (answer !== undefined) return answer;
  recording.take({
    messageId,
    jobId: messageId.replace(/^<([^.]+)\..*$/, '$1'),
    to: mail.to?.[0]?.address ?? '',
    subject: mail.subject ?? '',
    key,
    received,
    answered: now(),
    worker,
    lineHurt: lineOf(port).hurt,
    record,
  });
  return undefined;
}
