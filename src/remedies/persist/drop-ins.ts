import { shellWord } from '../../hosts/shell-text.ts';
import { commandEffects } from '../../persistence/commands.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Unit } from '../../snapshot/units.ts';
import { headerFor } from './naming.ts';
import { unitArgument } from './quoting.ts';
import { isBridgeKey } from './sysctl-file.ts';
import type { FileToWrite, PersistParts, Wanted } from './wanted.ts';

type Settings = Wanted['settings'];

/** A service that resets settings; `known` where its files were seen. */
interface Resetting {
  readonly unit: string;
  readonly known: Unit | undefined;
}

/**
 * Drop-ins for the services that reset wanted settings at their start, and what they need.
 *
 * ExecStartPost runs when the service has said READY, ExecStopPost also after a start that failed. Neither runs while a
 * start hangs before READY, which for rke2 has no time limit (TimeoutStartSec=0): so the drop-in also starts a timer
 * that sets the values again a quarter of a minute, one and five minutes after each start, come what may.
 *
 * On Harvester there is no timer and no ExecStopPost: bridged frames have to be filtered until RKE2's first launch
 * after boot is over (harvester-installer#884), so nothing may write 0 before READY.
 */
export function dropInFiles(
  settings: Settings,
  name: string,
  problemId: string,
  profile: Profile,
  parts: PersistParts,
): FileToWrite[] {
  const launchFirst = profile.bridgeNetfilter === 'off-after-launch';
  const files = resettingUnits(profile, parts).flatMap(({ unit, known }) => {
    const lost = settings.filter((setting) => isReset(setting, unit, profile) && !reassertedByOthers(setting, known));
    return lost.length === 0 ? [] : [dropIn(unit, lost, name, problemId, launchFirst)];
  });
  if (files.length === 0 || launchFirst) return files;
  const all = settings.filter((setting) => profile.resetters.some(({ unit }) => isReset(setting, unit, profile)));
  return [...timerFiles(all, name, problemId), ...files];
}

/** Units of the profile that exist; all of them where nobody could tell (a drop-in for no unit does nothing). */
function resettingUnits(profile: Profile, { units }: PersistParts): Resetting[] {
  const names = [...new Set(profile.resetters.map(({ unit }) => unit))];
  return names.flatMap((unit): Resetting[] => {
    if (!units.units.known) return [{ unit, known: undefined }];
    const known = units.units.value.find((one) => one.name === unit && one.loadState !== 'not-found');
    return known ? [{ unit, known }] : [];
  });
}

/**
 * Where frames are to be filtered up to a service's launch only, every bridge switch that is to be 0 is set after it:
 * its other value comes from the module's load, before.
 */
function isReset({ key, value }: Settings[number], unit: string, profile: Profile): boolean {
  if (isAfterLaunch(key, value, profile)) return true;
  return profile.resetters.some((one) => one.unit === unit && one.key === key && one.value !== value);
}

/** A value that must not be set at boot, but only once the service that needs the other one has been launched. */
export function isAfterLaunch(key: string, value: string, profile: Profile): boolean {
  return profile.bridgeNetfilter === 'off-after-launch' && isBridgeKey(key) && value === '0';
}

function reassertedByOthers({ key, value }: Settings[number], unit: Unit | undefined): boolean {
  return (unit?.files ?? []).some(
    ({ path, text }) =>
      text.known &&
      !path.includes('/hayward-') &&
      text.value.split('\n').some((line) => {
        const command = /^\s*ExecStartPost\s*=\s*[-@:+!|]*(.+)$/.exec(line)?.[1];
        if (command === undefined) return false;
        const { effects, certain } = commandEffects(command);
        return certain && effects.some((one) => one.kind === 'write' && one.key === key && one.value === value);
      }),
  );
}

/** `-`: a failure to set a value must not make the service fail. */
function execLines(directive: string, settings: Settings, tolerant: boolean): string {
  return settings
    .map(({ key, value }) => {
      const command = `echo ${shellWord(value)} > ${shellWord(`/proc/sys/${key}`)}`;
      return `${directive}=${tolerant ? '-' : ''}/bin/sh -c ${unitArgument(command)}\n`;
    })
    .join('');
}

function dropIn(unit: string, settings: Settings, name: string, problemId: string, launchFirst: boolean): FileToWrite {
  const why = `${unit} writes other values whenever it starts; this sets them again${launchFirst ? ' once it is ready' : ''}.`;
  const content = [
    headerFor(problemId, why),
    ...(launchFirst ? [] : ['[Unit]\n', `Wants=${timerName(name)}\n\n`]),
    '[Service]\n',
    execLines('ExecStartPost', settings, true),
    ...(launchFirst ? [] : [execLines('ExecStopPost', settings, true)]),
  ].join('');
  return { path: `/etc/systemd/system/${unit}.d/zz-hayward-${name}.conf`, content, mode: 0o644 };
}

function timerName(name: string): string {
  return `hayward-${name}.timer`;
}

function timerFiles(settings: Settings, name: string, problemId: string): FileToWrite[] {
  const directory = '/etc/systemd/system';
  const why = 'Started with the services that write other values; covers a start that never becomes ready.';
  return [
    {
      path: `${directory}/${timerName(name)}`,
      content: `${headerFor(problemId, why)}[Unit]
Description=Set what hayward keeps again after a service start (${problemId})

[Timer]
OnActiveSec=15s
OnActiveSec=1min
OnActiveSec=5min
AccuracySec=1s
RemainAfterElapse=no
`,
      mode: 0o644,
    },
    {
      path: `${directory}/hayward-${name}.service`,
      content: `${headerFor(problemId, `Run by ${timerName(name)}.`)}[Unit]
Description=Set what hayward keeps (${problemId})

[Service]
Type=oneshot
${execLines('ExecStart', settings, false)}`,
      mode: 0o644,
    },
  ];
}
