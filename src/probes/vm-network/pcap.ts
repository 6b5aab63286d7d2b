import { closeSync, openSync, writeSync } from 'node:fs';
import { LITTLE_ENDIAN } from '../../hosts/libc.ts';
import type { SeenFrame } from './packet.ts';

/** A capture that tcpdump and Wireshark read (draft-ietf-opsawg-pcap), written frame by frame: it is whole at any moment. */
export interface Pcap {
  write(frame: Pick<SeenFrame, 'bytes' | 'tag'>, at: Date): void;
  close(): void;
}

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const LINK_ETHERNET = 1;
const MOST_OF_A_FRAME = 262_144;
const TAG_AT = 12;

function fileHeader(): Uint8Array {
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC_MICROSECONDS, LITTLE_ENDIAN);
  view.setUint16(4, 2, LITTLE_ENDIAN);
  view.setUint16(6, 4, LITTLE_ENDIAN);
  view.setUint32(16, MOST_OF_A_FRAME, LITTLE_ENDIAN);
  view.setUint32(20, LINK_ETHERNET, LITTLE_ENDIAN);
  return header;
}

/** With the tag where it stands on the wire. */
function onTheWire({ bytes, tag }: Pick<SeenFrame, 'bytes' | 'tag'>): Uint8Array {
  if (!tag || bytes.length < TAG_AT) return bytes;
  const whole = new Uint8Array(bytes.length + 4);
  whole.set(bytes.subarray(0, TAG_AT));
  const view = new DataView(whole.buffer);
  view.setUint16(TAG_AT, tag.protocol);
  view.setUint16(TAG_AT + 2, tag.control);
  whole.set(bytes.subarray(TAG_AT), TAG_AT + 4);
  return whole;
}

/** The file's owner alone may read it: frames tell addresses. Throws the system's error. */
export function openPcap(file: string): Pcap {
  const fd = openSync(file, 'w', 0o600);
  writeSync(fd, fileHeader());
  return {
    write(frame, at) {
      const bytes = onTheWire(frame);
      const record = new Uint8Array(16 + bytes.length);
      const view = new DataView(record.buffer);
      view.setUint32(0, Math.floor(at.getTime() / 1000), LITTLE_ENDIAN);
      view.setUint32(4, (at.getTime() % 1000) * 1000, LITTLE_ENDIAN);
      view.setUint32(8, bytes.length, LITTLE_ENDIAN);
      view.setUint32(12, bytes.length, LITTLE_ENDIAN);
      record.set(bytes, 16);
      writeSync(fd, record);
    },
    close: () => closeSync(fd),
  };
}
