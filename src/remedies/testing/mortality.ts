/** Makes objects whose every method has a moment to be killed before and after each call; at number `dieAt` this process is. */
export function mortality(
  dieAt: number | undefined,
  by: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL',
): <T extends object>(target: T) => T {
  let operations = 0;
  function moment(): void {
    if (++operations === dieAt) process.kill(process.pid, by);
  }
  return (target) =>
    new Proxy(target, {
      get(object, name) {
        const value = Reflect.get(object, name) as unknown;
        if (typeof value !== 'function' || name === 'steps') return value;
        return (...args: unknown[]) => {
          moment();
          const result = value.apply(object, args) as unknown;
          if (!(result instanceof Promise)) {
            moment();
            return result;
          }
          return result.finally(moment);
        };
      },
    });
}
