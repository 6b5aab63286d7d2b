import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messagesIn } from './dbus-messages.ts';
import { type ServicesWatch, unitPath, watchServices } from './services.ts';

/** What a real systemd tells is in watch.vm.test.ts; here what it tells at an awkward moment, or not at all. */

let directory: string;
let socket: string;
let server: Server;
let systemd: SystemdStandIn;
let watch: ServicesWatch | undefined;

/** systemd's end of its socket: answers SubState and ActiveEnterTimestampMonotonic, two calls a question. */
interface SystemdStandIn {
  greeting: string;
  subState: string;
  readonly lines: Socket[];
  readonly asked: string[];
}

function answerTo(serial: number, subState: string): Buffer {
  const head = Buffer.from('6c02000100000000010000000f00000005017500000000000801670001760000', 'hex');
  const body = Buffer.concat([Buffer.from('0173000000000000', 'hex'), Buffer.from(`${subState}\0`)]);
  body.writeUInt32LE(subState.length, 4);
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(serial, 20);
  return Buffer.concat([head, body]);
}

function changed(path: string): Buffer {
  const field = (code: number, type: string, text: string) => {
    const bytes = Buffer.alloc(Math.ceil((8 + text.length + 1) / 8) * 8);
    bytes.set([code, 1, type.charCodeAt(0), 0]);
    bytes.writeUInt32LE(text.length, 4);
    bytes.write(text, 8);
    return bytes;
  };
  const member = 'PropertiesChanged';
  const fields = Buffer.concat([field(1, 'o', path), field(3, 's', member)]);
  const head = Buffer.from('6c040001000000000100000000000000', 'hex');
  // An array's length is without what fills it up to the next message's place.
  head.writeUInt32LE(field(1, 'o', path).length + 8 + member.length + 1, 12);
  return Buffer.concat([head, fields]);
}

function serve(line: Socket): void {
  systemd.lines.push(line);
  let rest = Buffer.alloc(0);
  let serial = 0;
  line.on('error', () => undefined);
  line.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const hello = rest.lastIndexOf('\r\n');
    if (hello >= 0 && rest[0] === 0) {
      line.write(systemd.greeting);
      rest = rest.subarray(hello + 2);
    }
    if (rest.toString('latin1', 0, 7) === 'BEGIN\r\n') rest = rest.subarray(7);
    const taken = messagesIn(rest);
    rest = Buffer.from(taken.rest);
    for (const { path } of taken.messages) {
      serial += 1;
      systemd.asked.push(path ?? '');
      if (serial % 2 === 1) line.write(answerTo(serial, systemd.subState));
    }
  });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-services-'));
  socket = join(directory, 'private');
  systemd = { greeting: 'OK 0123456789abcdef\r\n', subState: 'start', lines: [], asked: [] };
  server = createServer(serve);
  await new Promise<void>((done) => server.listen(socket, done));
});
afterEach(() => {
  watch?.await([]);
  for (const line of systemd.lines) line.destroy();
  server.close();
  rmSync(directory, { recursive: true });
});

function watching(at = socket) {
  const told: string[] = [];
  const tell = (line: string) => void told.push(line);
  watch = watchServices({ socket: at, ready: (unit) => tell(`${unit} ready`), complain: tell });
  const until = async (enough: () => boolean) => {
    while (!enough()) await wait(5);
  };
  return { services: watch, told, until };
}

const RKE2 = 'rke2-server.service';

describe('services that are waited for', () => {
  it('are ready once ExecStartPost= runs, which is before they are active', async () => {
    const { services, told, until } = watching();
    services.await([RKE2]);
    await until(() => systemd.asked.length === 2);
    systemd.subState = 'start-post';
    systemd.lines[0]?.write(changed(unitPath('cron.service')));
    systemd.lines[0]?.write(changed(unitPath(RKE2)));
    await until(() => told.length > 0);
    expect(told).toEqual([`${RKE2} ready`]);
    expect(new Set(systemd.asked)).toEqual(new Set(['/org/freedesktop/systemd1/unit/rke2_2dserver_2eservice']));
  });

  it('are asked for at once, and anew on a new line where systemd closed the last one', async () => {
    const { services, told, until } = watching();
    services.await([RKE2]);
    await until(() => systemd.asked.length === 2);
    systemd.lines[0]?.destroy();
    await until(() => told.length > 0);
    expect(told.splice(0)).toEqual([
      expect.stringMatching(/only seen by judging again: .*private: systemd closed it$/),
    ]);
    systemd.subState = 'start-post';
    services.await([RKE2]);
    await until(() => told.length > 0);
    expect(told).toEqual([`${RKE2} ready`]);
  });

  it('cost a line only while they are waited for', async () => {
    const { services, until } = watching();
    services.await([RKE2]);
    services.await([RKE2]);
    await until(() => systemd.asked.length === 2);
    expect(systemd.lines).toHaveLength(1);
    services.await([]);
    await until(() => systemd.lines[0]?.destroyed === true);
  });

  it.each([
    ['where there is no socket', () => join(directory, 'none'), '', /none: no such file or directory$/i],
    ['where systemd refuses us', () => socket, 'REJECTED EXTERNAL\r\n', /does not take us for who we are$/],
    ['where it speaks something else', () => socket, `OK \r\n${'x'.repeat(64)}`, /a D-Bus message of \d+ bytes$/],
  ])('are told of once %s', async (_where, at, greeting, why) => {
    systemd.greeting = greeting || systemd.greeting;
    const { services, told, until } = watching(at());
    services.await([RKE2]);
    await until(() => told.length > 0);
    services.await([]);
    services.await([RKE2]);
    await until(() => systemd.lines.length === 2 || greeting === '');
    expect(told).toEqual([expect.stringMatching(why)]);
  });
});
