#!/usr/bin/env node
// Azurite, Microsoft's emulator of Azure Blob Storage, on the loopback address: started, and told how to reach it.
//
// `./test --setup` installs it. By hand it prints a `STORE` to export; `--json` prints what tests need to know.

import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `Starts Azurite, the emulator of Azure Blob Storage, on 127.0.0.1, and says how to reach it.

  node tests/peers/azurite.mjs                 until it is interrupted; what is stored is forgotten at the end

  --port N       the port [default: 10000; 0 takes one that is free]
  --folder DIR   keep what is stored here
  --container N  the container that the printed STORE names [default: scheduling]
  --oauth        https with a certificate made here, for tokens; else http, for signatures in the URL
  --queues       queues and tables too, on the two ports after --port: what the Functions host finds with
                 \`UseDevelopmentStorage=true\`
  --json         one line of JSON for programs; ends when its standard input does
  --help         this text
`;

// The emulator's account and key are the same everywhere, and public:
// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '10000' },
    folder: { type: 'string' },
    container: { type: 'string', default: 'scheduling' },
    oauth: { type: 'boolean', default: false },
    queues: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const programs = join(root, 'target/test-env/azurite/node_modules/azurite/dist/src');
const program = join(programs, options.queues ? 'azurite.js' : 'blob/main.js');
if (!existsSync(program)) {
  console.error('Azurite is not installed: run `./test --setup`');
  process.exit(1);
}

const scratch = mkdtempSync(join(tmpdir(), 'azurite-'));
const settings = ['--blobHost', '127.0.0.1', '--blobPort', options.port, '--silent', '--disableTelemetry'];
if (options.queues) {
  const after = (steps) => String(options.port === '0' ? 0 : Number(options.port) + steps);
  settings.push('--queueHost', '127.0.0.1', '--queuePort', after(1));
  settings.push('--tableHost', '127.0.0.1', '--tablePort', after(2));
}
if (options.folder) {
  mkdirSync(options.folder, { recursive: true });
  settings.push('--location', resolve(options.folder));
} else {
  settings.push('--inMemoryPersistence');
}
let ca;
if (options.oauth) {
  ca = join(scratch, 'ca.pem');
  const { certificate, key } = makeCertificate();
  settings.push('--oauth', 'basic', '--cert', certificate, '--key', key);
}

const azurite = spawn(process.execPath, [program, ...settings], { cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] });
let told = '';
azurite.stdout.on('data', (text) => {
  told += text;
  const listening = [...told.matchAll(/successfully listen(?:s on|ing at) (https?:\/\/[0-9.:]+)/g)];
  if (listening.length === (options.queues ? 3 : 1)) {
    told = '';
    const [blobs, queues, tables] = listening.map(([, address]) => `${address}/${ACCOUNT}`);
    tell(blobs, queues, tables);
  }
});
azurite.stderr.pipe(process.stderr);
azurite.on('exit', (code, signal) => {
  rmSync(scratch, { recursive: true, force: true });
  if (!ending) {
    console.error(`Azurite ended (${signal ?? code}): is another one listening on port ${options.port}?\n${told}`);
  }
  process.exit(ending ? 0 : 1);
});

let ending = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, end);
}
if (options.json) {
  process.stdin.on('end', end).on('error', end).resume();
}

function end() {
  ending = true;
  azurite.kill('SIGKILL');
}

function tell(url, queues, tables) {
  const sas = signature();
  if (options.json) {
    const connection = options.queues ? connectionString(url, queues, tables) : undefined;
    const bearer = options.oauth ? token() : undefined;
    console.log(JSON.stringify({ url, sas, ca, token: bearer, connection, pid: azurite.pid }));
  } else if (options.oauth) {
    console.log(`Azurite listens at ${url}; its certificate is signed by ${ca}`);
  } else {
    console.log(`Azurite listens. To use it:\n\nexport STORE='${url}/${options.container}?${sas}'\n`);
  }
}

// For the Functions host, where the ports are not those of `UseDevelopmentStorage=true`.
function connectionString(blobs, queues, tables) {
  const protocol = `DefaultEndpointsProtocol=${new URL(blobs).protocol.slice(0, -1)}`;
  const account = `AccountName=${ACCOUNT};AccountKey=${KEY}`;
  return `${protocol};${account};BlobEndpoint=${blobs};QueueEndpoint=${queues};TableEndpoint=${tables};`;
}

// https://learn.microsoft.com/rest/api/storageservices/create-account-sas
function signature() {
  const fields = { sp: 'rwdlac', ss: 'b', srt: 'sco', st: '2020-01-01T00:00:00Z', se: '2099-01-01T00:00:00Z' };
  const version = '2021-06-08';
  const text = [ACCOUNT, fields.sp, fields.ss, fields.srt, fields.st, fields.se, '', 'https,http', version, '', ''];
  const sig = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text.join('\n'), 'utf8').digest('base64');
  return new URLSearchParams({ sv: version, ...fields, spr: 'https,http', sig }).toString();
}

// Azurite looks at the issuer, the audience and the times of a token, and at no signature.
function token() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tenant = '11111111-1111-1111-1111-111111111111';
  const claims = { aud: 'https://storage.azure.com', iss: `https://sts.windows.net/${tenant}/`, tid: tenant };
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ ...claims, iat: now - 60, nbf: now - 60, exp: now + 86400 })}.unsigned`;
}

// An authority of its own and a certificate for this machine's address: rustls takes no certificate for both.
function makeCertificate() {
  const file = (name) => join(scratch, name);
  const openssl = (...words) => execFileSync('openssl', words, { cwd: scratch, stdio: ['ignore', 'ignore', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=Azurite CA',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
  openssl('req', ...newKey, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=127.0.0.1');
  const extensions = 'subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n';
  writeFileSync(file('leaf.ext'), extensions);
  openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30',
    '-extfile', 'leaf.ext', '-out', 'leaf.pem');
  return { certificate: file('leaf.pem'), key: file('leaf.key') };
}
