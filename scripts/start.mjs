// `npm start`: installs, builds, judges this machine, and says what to do next. Ends with 0 once the judgement is printed.
import { spawnSync } from 'node:child_process';
import { prepare, root } from './prepared.mjs';

const WORDS = {
  en: {
    0: ['Nothing wrong here. A node elsewhere:   node dist/cli.js doctor --host root@NODE'],
    1: [
      'What would be done about it:            node dist/cli.js fix --dry-run',
      'Do it, with a way back:                 sudo node dist/cli.js fix',
    ],
    3: ['Some of it could not be seen; as root:  sudo node dist/cli.js doctor'],
    always: [
      'An incident from start to finish:       sudo node dist/cli.js lab demo',
      'All commands:                           node dist/cli.js --help',
    ],
  },
  zh: {
    0: ['本机未发现问题。检查其他节点：  node dist/cli.js doctor --host root@NODE'],
    1: [
      '查看修复方案：                  node dist/cli.js fix --dry-run',
      '执行修复（可撤销）：            sudo node dist/cli.js fix',
    ],
    3: ['部分内容无法查看，请以 root 运行：sudo node dist/cli.js doctor'],
    always: [
      '从头到尾演示一次故障：          sudo node dist/cli.js lab demo',
      '全部命令：                      node dist/cli.js --help',
    ],
  },
};

/** As src/lang.ts tells it, which is TypeScript and so not for this script. */
function words() {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  return /^zh([_.-]|$)/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? WORDS.zh : WORDS.en;
}

prepare();
const doctor = spawnSync(process.execPath, ['dist/cli.js', 'doctor', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
const { [doctor.status]: next, always } = words();
if (!next) process.exit(doctor.status ?? 1);
process.stderr.write(`\n${[...next, ...always].map((line) => `  ${line}\n`).join('')}`);
