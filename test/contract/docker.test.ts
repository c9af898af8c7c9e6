import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-files.js';
import { readSettings, SettingsError } from '../../src/settings/settings.js';
import { settingsTable } from '../../src/settings/table.js';

const read = (path: string) => readFileSync(join(packageFolder, path), 'utf8');
const pinnedNode = (JSON.parse(read('package.json')) as { devDependencies: { node: string } }).devDependencies.node;

type Yaml = string | string[] | { [key: string]: Yaml };
interface Service {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  healthcheck?: { test?: string[]; disable?: string };
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
}

describe('docker-compose.yml', () => {
  let services: Record<string, Service>;
  beforeAll(() => {
    services = (readYaml(read('docker-compose.yml')) as unknown as { services: Record<string, Service> }).services;
  });
  const ours = () => Object.entries(services).filter(([, { build }]) => build !== undefined);

  it('holds the stores, an inbox, the migration, the API and the worker', () => {
    expect(Object.keys(services)).toEqual(['postgres', 'redis', 'mailpit', 'migrate', 'api', 'worker']);
    expect(ours().map(([name, { command }]) => `${name}: ${command?.join(' ')}`)).toEqual([
      'migrate: migrate up',
      'api: api',
      'worker: worker',
    ]);
  });

  it('publishes ports to this machine only, each once', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.sort()).toEqual([
      '127.0.0.1:4000:4000',
      '127.0.0.1:8025:8025',
      '127.0.0.1:9464:9464',
      '127.0.0.1:9465:9464',
    ]);
  });

  it('checks the health of everything that stays', () => {
    const { migrate, ...staying } = services;
    expect(migrate?.healthcheck).toEqual({ disable: 'true' });
    for (const [name, { healthcheck }] of Object.entries(staying)) {
      expect(healthcheck?.test?.[0], name).toMatch(/^CMD/);
    }
    for (const name of ['api', 'worker'])
      expect(services[name]?.healthcheck?.test?.join(' ')).toContain(':9464/readyz');
  });

  it('starts the stores, then the migration, then the processes', () => {
    const [done, healthy] = [{ condition: 'service_completed_successfully' }, { condition: 'service_healthy' }];
    expect(services.migrate?.depends_on).toEqual({ postgres: healthy });
    expect(services.api?.depends_on).toEqual({ migrate: done, redis: healthy });
    expect(services.worker?.depends_on).toEqual({ migrate: done, redis: healthy, mailpit: healthy });
  });

  it('names only settings that there are', () => {
    const named = ours().flatMap(([, { environment }]) => Object.keys(environment ?? {}));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !(name in settingsTable))).toEqual([]);
  });

  it('sets all that a process needs, once the two secrets are made', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const secrets: Record<string, string> = {
      SECRET: randomBytes(32).toString('base64'),
      // With line ends written as `\n`, as the documented command writes it to `.env`.
      ACCESS_TOKEN_SIGNING_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString().replaceAll('\n', '\\n'),
    };
    for (const [name, { environment }] of ours()) {
      const filled = Object.entries(environment ?? {}).map(([key, value]) => [
        key,
        value.replace(/\$\{(\w+):\?[^}]*\}/, (_, secret: string) => secrets[secret] ?? ''),
      ]);
      const command = name as 'migrate' | 'api' | 'worker';
      expect(() => readSettings(Object.fromEntries(filled), command), name).not.toThrow();
      const without = Object.fromEntries(filled.filter(([key]) => !(key && key in secrets)));
      if (command !== 'migrate') expect(() => readSettings(without, command), name).toThrow(SettingsError);
    }
  });

  it('lets the processes end what is under way', () => {
    for (const name of ['api', 'worker']) {
      // A process that is told to end exits after 60 seconds at the latest.
      expect(Number.parseInt(services[name]?.stop_grace_period ?? '', 10), name).toBeGreaterThan(60);
    }
  });

  it('pins every image', () => {
    for (const { image } of Object.values(services)) {
      expect(image).toMatch(/^[\w./-]+:[\w.-]+$/);
      expect(image).not.toMatch(/:latest$/);
    }
  });
});

describe('Dockerfile', () => {
  let instructions: [name: string, rest: string][];
  beforeAll(() => {
    const lines = read('Dockerfile')
      .replace(/^#.*\n/gm, '')
      .replace(/\\\n/g, ' ')
      .split('\n');
    instructions = lines.flatMap((line) => {
      const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return name && rest ? [[name, rest] as [string, string]] : [];
    });
  });
  const all = (name: string) => instructions.filter(([each]) => each === name).map(([, rest]) => rest);
  const sources = () =>
    all('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1));

  it('runs the Node that package.json pins', () => {
    const images = all('FROM').map((rest) => rest.split(' ')[0]);
    expect(images.length).toBeGreaterThan(1);
    for (const image of images) {
      const [, version] = /^node:(\d+\.\d+\.\d+)-bookworm-slim$/.exec(image ?? '') ?? [];
      expect(version, image).toBe(pinnedNode);
    }
  });

  it('copies what exists and what .dockerignore lets through', () => {
    expect(sources().length).toBeGreaterThan(5);
    expect(sources().filter((source) => !existsSync(join(packageFolder, source)))).toEqual([]);
    const [first, ...rest] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    const open = rest.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(sources().filter((source) => !open.includes(source.split('/')[0] ?? ''))).toEqual([]);
    expect(open.filter((each) => !sources().some((source) => source.split('/')[0] === each))).toEqual([]);
    // Secrets, data and files built on the host stay out of the image.
    expect(open.filter((each) => /^(?:\.env|\.git|\.latchkey|node_modules|dist)/.test(each))).toEqual([]);
  });

  it('ends with a user that is not root, and a process that gets the signals', () => {
    const last = instructions.map(([name]) => name).lastIndexOf('FROM');
    const users = instructions.slice(last).filter(([name]) => name === 'USER');
    expect(users).toHaveLength(1);
    expect(Number.parseInt(users[0]?.[1] ?? '', 10)).toBeGreaterThan(0);
    expect(all('ENTRYPOINT')).toEqual(['["node", "dist/latchkey.js"]']);
    expect(all('CMD')).toEqual(['["api"]']);
    expect(all('EXPOSE')).toEqual(['4000 9464']);
    expect(all('HEALTHCHECK').join()).toContain('/livez');
  });
});

/**
 * Reads the part of YAML that the file uses: indented mappings and sequences, sequences in brackets, plain and
 * double-quoted text. Every value is a string.
 *
 * @throws Error on any other line.
 */
function readYaml(text: string): Yaml {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(?:#.*)?$/.test(line))
    .map((line) => ({ indent: line.search(/\S/), content: line.trim() }));
  const block = (indent: number): Yaml => {
    const items: string[] = [];
    const mapping: { [key: string]: Yaml } = {};
    while (lines[0]?.indent === indent) {
      const { content } = lines.shift() as { content: string };
      const [, item] = /^- (.*)$/.exec(content) ?? [];
      const [, key = '', value = ''] = /^([\w.-]+):(?: (.*))?$/.exec(content) ?? [];
      if (item !== undefined) items.push(scalar(item));
      else if (key === '' || key in mapping) throw new Error(`cannot be read: ${content}`);
      else if (value !== '') mapping[key] = value.startsWith('[') ? (JSON.parse(value) as string[]) : scalar(value);
      else mapping[key] = (lines[0]?.indent ?? 0) > indent ? block(lines[0]?.indent ?? 0) : '';
    }
    return items.length > 0 ? items : mapping;
  };
  const document = block(0);
  if (lines.length > 0) throw new Error(`cannot be read: ${lines[0]?.content}`);
  return document;
}

function scalar(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
