import type { AnyRule } from './rule.ts';
import { apiserverArgumentInvalid } from './rules/apiserver-argument-invalid.ts';
import { cniResetIneffective } from './rules/cni-reset-ineffective.ts';
import { manifestAdvice } from './rules/manifest-advice.ts';
import { manifestInvalid } from './rules/manifest-invalid.ts';
import { vmNetworkConfigMismatch } from './rules/vm-network-config-mismatch.ts';
import { vmNetworkRouteInvalid } from './rules/vm-network-route-invalid.ts';
import { vmNetworkRouteMissing } from './rules/vm-network-route-missing.ts';

/** Every rule, the one that says whether a file could be read first. */
export const RULES = [
  manifestInvalid,
  vmNetworkRouteMissing,
  vmNetworkRouteInvalid,
  vmNetworkConfigMismatch,
  cniResetIneffective,
  apiserverArgumentInvalid,
  manifestAdvice,
] as unknown as readonly AnyRule[];
