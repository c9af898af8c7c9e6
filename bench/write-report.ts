import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plotsOf } from './plots.js';
import { jsonOf, markdownOf, type Report } from './report.js';

/** Writes `report.md`, `report.json` and the plots into a folder, which is made; files of these names are replaced. */
export async function writeReport(folder: string, report: Report): Promise<void> {
  await mkdir(folder, { recursive: true });
  const plots = plotsOf(report);
  const images = Object.keys(plots).map((name) => `![${name}](${name})\n`);
  const files = { 'report.md': [markdownOf(report), ...images].join('\n'), 'report.json': jsonOf(report), ...plots };
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
}
