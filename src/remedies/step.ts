/**
 * The reversible steps remedies are made of: plain data, safe to show, to journal and to print as a script. What a
 * step does, verifies and undoes on a host is in `execute.ts`; here is only what it is.
 */
export type Step =
  /** Write a setting below /proc/sys, e.g. key `net/ipv4/ip_forward`. Compared before it is written. */
  | { readonly kind: 'setting'; readonly key: string; readonly value: string }
  /** A bridge's own netfilter switch, by netlink (sysfs may show another namespace). */
  | {
      readonly kind: 'bridge-setting';
      readonly bridge: string;
      readonly name: 'nf_call_iptables' | 'nf_call_ip6tables';
      readonly value: '0' | '1';
    }
  /** Load a kernel module. */
  | { readonly kind: 'module'; readonly name: string }
  /** A whole file of ours (never an edit of somebody else's): content, mode; before-image kept. */
  | { readonly kind: 'file'; readonly path: string; readonly content: string; readonly mode: number }
  /** Tell a daemon that files changed: `systemctl daemon-reload`, `udevadm control --reload`. Nothing to undo but to repeat. */
  | { readonly kind: 'reload'; readonly what: 'systemd' | 'udev' }
  /** Enable a unit of ours (its [Install] section), without starting it. */
  | { readonly kind: 'enable-unit'; readonly unit: string }
  /**
   * Give a host-local address back whose sandbox was proven dead: by its owner where the runtime still lists the sandbox
   * (`runtime`), else by removing the lease's file under host-local's own lock while it still is this sandbox's.
   */
  | {
      readonly kind: 'release-lease';
      readonly path: string;
      readonly containerId: string;
      /** Empty for the legacy form, which holds the id alone. */
      readonly ifName: string;
      readonly runtime?: { readonly socket: string };
    };

export type StepKind = Step['kind'];
