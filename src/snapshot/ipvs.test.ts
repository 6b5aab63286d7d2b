import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { ipvs } from './ipvs.ts';

const PROC = '/proc/net/ip_vs';
const STATS = 'ipvsadm -L -n --stats --exact';

// The kernel's own layout, trailing blanks included (ip_vs_info_seq_show).
const TABLE = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A81E0B:7A3C rr 
  -> 0AE95A08:0050      Masq    1      0          1         
UDP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0035 wrr persistent 10800 00000080
  -> [fd00:0000:0000:0000:0000:0000:0000:0009]:0035      Route   0      0          0         
FWM  0000002A sh ops 
  -> 0A000001:0000      Tunnel  3      0          0         
`;

const COUNTED = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  192.168.30.11:31292                 1        5        0      300        0
  -> 10.233.90.8:80                      1        5        0      300        0
UDP  [fd00::1]:53                       20       40       40     4000     9000
  -> [fd00::9]:53                       20       40       40     4000     9000
FWM  42                                  0        0        0        0        0
  -> 10.0.0.1:0                          0        0        0        0        0
`;

describe('ipvs', () => {
  it('reads services and destinations of all kinds', () => {
    const found = parsed(ipvs, { files: { [PROC]: TABLE } });
    expect(found).toEqual({
      known: true,
      source: PROC,
      value: [
        {
          protocol: 'tcp',
          address: '192.168.30.11',
          port: 31292,
          scheduler: 'rr',
          flags: [],
          destinations: [{ address: '10.233.90.8', port: 80, forward: 'Masq', weight: 1 }],
        },
        {
          protocol: 'udp',
          address: 'fd00:0000:0000:0000:0000:0000:0000:0001',
          port: 53,
          scheduler: 'wrr',
          flags: ['persistent', '10800', '00000080'],
          destinations: [{ address: 'fd00:0000:0000:0000:0000:0000:0000:0009', port: 53, forward: 'Route', weight: 0 }],
        },
        {
          protocol: 'fwmark',
          address: '',
          port: 42,
          scheduler: 'sh',
          flags: ['ops'],
          destinations: [{ address: '10.0.0.1', port: 0, forward: 'Tunnel', weight: 3 }],
        },
      ],
    });
  });

  it('adds counters where ipvsadm told them, whichever way it writes an address', () => {
    const found = parsed(ipvs, { files: { [PROC]: TABLE }, commands: { [STATS]: COUNTED } });
    const [nodePort, dns] = found.known ? found.value : [];
    const dead = { connections: 1, inPackets: 5, outPackets: 0, inBytes: 300, outBytes: 0 };
    expect(found).toMatchObject({ source: `${PROC}; ${STATS}` });
    expect(nodePort?.stats).toEqual(dead);
    expect(nodePort?.destinations[0]?.stats).toEqual(dead);
    expect(dns?.stats?.outPackets).toBe(40);
    expect(dns?.destinations[0]?.stats?.outBytes).toBe(9000);
  });

  it('keeps the services where the counters make no sense', () => {
    const rounded = COUNTED.replace('1        5        0      300', '1       5K        0      300');
    const found = parsed(ipvs, { files: { [PROC]: TABLE }, commands: { [STATS]: rounded } });
    expect(found).toMatchObject({ known: true, source: PROC });
  });

  it('is absent without IPVS, empty with an empty table', () => {
    expect(parsed(ipvs, { files: {}, commands: { [STATS]: COUNTED } })).toMatchObject({
      known: false,
      reason: 'absent',
    });
    expect(parsed(ipvs, { files: { [PROC]: TABLE.split('\n').slice(0, 3).join('\n') } })).toMatchObject({ value: [] });
    expect(unseen(ipvs)).toMatchObject({ known: false, reason: 'not-collected' });
  });

  it.each([
    ['TCP  C0A81E0B:7A3C', 'line 4: not a virtual service'],
    ['TCP  C0A81E:7A3C rr', 'line 4: "C0A81E:7A3C" is not an address and port'],
    ['  -> 0AE95A08:0050      Masq    1      0          1', 'line 4: a destination before any service'],
    ['FWM  XYZ rr', 'line 4: "XYZ" is not a mark'],
  ])('names the line of %j', (line, detail) => {
    const text = `${TABLE.split('\n').slice(0, 3).join('\n')}\n${line}\n`;
    expect(parsed(ipvs, { files: { [PROC]: text } })).toMatchObject({ known: false, reason: 'failed', detail });
  });
});
