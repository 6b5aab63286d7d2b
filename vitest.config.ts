import { defineConfig } from 'vitest/config';

/**
 * Four projects: `unit` runs anywhere; `kernel` needs root and network namespaces; `kube` builds Kubernetes' API server once, then
 * starts it; `vm` boots machines of its own.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'lab/**/*.test.ts', 'test/unit/**/*.test.ts'],
          exclude: ['**/*.{kernel,kube,vm}.test.ts', '**/node_modules/**'],
          // Ends what hangs; on a loaded machine a property of many runs takes longer than the usual five seconds.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: ['{src,lab,test,deploy}/**/*.kernel.test.ts'],
          // Emulated machines may run beside it.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: true,
        },
      },
      {
        test: {
          name: 'kube',
          include: ['{src,lab,test,deploy}/**/*.kube.test.ts'],
          globalSetup: 'lab/kube/build.ts',
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'vm',
          include: ['{src,lab,test,deploy}/**/*.vm.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
