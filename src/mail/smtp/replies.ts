/** A reply of a relay: reply code, enhanced code (RFC 3463) if there is one, and the whole text. */
export interface SmtpReply {
  readonly reply: number;
  readonly enhanced: string | undefined;
  readonly response: string;
}

/** The text in lower case, without addresses: strangers choose them, and a mailbox may be called `relay.denied`. */
function words({ response }: SmtpReply): string {
  return response
    .replace(/(?:^|\n)\d{3}[ -]/g, ' ')
    .replace(/<[^>]*>|[^\s<>]+@[^\s<>]+/g, ' ')
    .toLowerCase();
}

/**
 * RFC 3463: x.1.1 to x.1.3, x.1.6 and x.1.10 are about the recipient's address, x.2.x about its mailbox. Exchange's
 * resolver speaks of the recipient, also where it asks for an authenticated sender (5.7.1 RESOLVER.RST.AuthRequired,
 * 5.7.12x and 5.7.13x: groups and mailboxes that take mail of their own people only).
 */
export function isClearlyTheRecipient(said: SmtpReply): boolean {
  const { enhanced = '' } = said;
  if (/^5\.(?:1\.(?:[1236]|10)|2\.\d+)$/.test(enhanced)) return true;
  return /\bRESOLVER\.(?:RST|ADR)\./i.test(said.response) || /^5\.7\.1[23]\d$/.test(enhanced);
}

/**
 * Codes about us: missing or wrong authentication (RFC 4954: 530, 534, 535, 538), a bad sequence or unknown command
 * (500, 502 to 504), SendGrid's 403; x.1.7 and x.1.8 the sender's address, x.4.5 a quota of ours (Gmail), x.5.x the
 * protocol, x.7.8 to x.7.14 authentication, x.7.20 to x.7.29 SPF, DKIM, reverse DNS (RFC 7372, 7505); of Exchange
 * 5.7.5x, 5.7.6x (relaying, sending as somebody), 5.7.5xx to 5.7.7xx (banned senders and addresses, quotas).
 */
const ourCodes = [403, 500, 502, 503, 504, 530, 534, 535, 538];
const ourEnhanced = /^[45]\.(?:1\.[78]|4\.5|5\.\d+|7\.(?:[89]|1[0134]|2[0-9]|5[0-9]|6[0-9]|[567]\d\d))$/;

/** Words about relaying, the sender, our address or authentication; each is in a real reply in the test's table. */
const ourWords = [
  /\brelay(?:ing)?\b.{0,40}\b(?:denied|not permitted|not allowed|prohibited|rejected|disabled|refused)\b/,
  /\b(?:unable|not permitted|not allowed|refus\w+|cannot|can't|do(?:es)? not) to relay\b|\bdo(?:es)? not relay\b|\bnot an open relay\b/,
  /\b(?:denied|invalid|no) .{0,30}\brelay(?:ing)?\b/,
  /\b(?:sender|from address|mail from|return.path|envelope from)\b/,
  /\bauthenticat\w+|\bauth(?:orization)? required\b|\bcredentials\b|\bnot authorized to (?:send|perform)\b|\blog ?in\b/,
  /\b(?:client host|sending ip|your ip|ip address|reverse dns|rdns|ptr record|helo|ehlo)\b/,
  /\b(?:dnsbl|rbl|blocklist|block list|blacklist\w*|spamhaus|barracuda\w*|spamcop|reputation|banned)\b/,
  /\b(?:spf|dkim|dmarc)\b/,
  /\bidentit(?:y|ies) .{0,40}\bverified\b|\bnot verified\b/,
];

/** Whether a refusal at RCPT is about us and not the recipient, so that the job must not become a dead letter. */
export function isAboutUs(said: SmtpReply): boolean {
  if (ourCodes.includes(said.reply) || ourEnhanced.test(said.enhanced ?? '')) return true;
  const text = words(said);
  // These words are about the recipient's mailbox, whoever the sender is.
  if (/\brecipient address rejected: (?:access denied|user unknown|undeliverable|unverified)/.test(text)) return false;
  return ourWords.some((each) => each.test(text));
}

/**
 * Whether the relay says that we have too many lines (421 at the greeting; 432 x.3.2 of Exchange after a mail). After a
 * recipient was named, only 432 counts: the words could come from the recipient's server behind the relay.
 */
export function saysTooMany(said: SmtpReply, isAfterRecipient: boolean): boolean {
  if (said.reply >= 500) return false;
  // `STOREDRV.Deliver; recipient thread limit exceeded` is about a mailbox that gets too much.
  if (said.reply === 432) return !/\brecipient\b/.test(words(said));
  if (isAfterRecipient) return false;
  return /\b(?:too many|maximum|max|concurrent|simultaneous|limit)\b.{0,60}\b(?:connections?|sessions?|channels?|threads?)\b|\bconnections?\b.{0,60}\b(?:limit|exceed\w*|too many|maximum)\b/.test(
    words(said),
  );
}
