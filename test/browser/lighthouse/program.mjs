/** `program.mjs <url> <chromium> <mobile|desktop>`: prints what Lighthouse says of a page, as JSON (see `report.ts`). */
import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig } from 'lighthouse';

const [url, chromePath, device] = process.argv.slice(2);
const chrome = await launch({ chromePath, chromeFlags: ['--headless', '--no-sandbox', '--disable-quic'] });
try {
  const flags = { port: chrome.port, onlyCategories: ['performance', 'accessibility', 'best-practices'] };
  const { lhr } = await lighthouse(url, flags, device === 'desktop' ? desktopConfig : undefined);
  const scores = Object.values(lhr.categories).map(({ id, score }) => [
    id,
    score === null ? 0 : Math.round(score * 100),
  ]);
  const lost = Object.values(lhr.categories).flatMap(({ auditRefs }) =>
    auditRefs.filter(({ id, weight }) => weight > 0 && (lhr.audits[id]?.score ?? 1) < 1).map(({ id }) => id),
  );
  process.stdout.write(JSON.stringify({ version: lhr.lighthouseVersion, scores: Object.fromEntries(scores), lost }));
} finally {
  chrome.kill();
}
