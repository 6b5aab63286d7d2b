import type { Bilingual } from '../lang.ts';
import type { GateFault } from './gates.ts';

/** Why the start fails, for people. */
export function whyFault({ kind, gate, release = '', lock }: GateFault): Bilingual {
  switch (kind) {
    case 'nonexistent':
      return {
        en: `kube-apiserver refuses to start with a gate it does not know, and ${gate} it does not. The gate articles name, NodeAuthorizerEnablePodSelectors, never existed; the real ones are AuthorizeWithSelectors and AuthorizeNodeWithSelectors.`,
        'zh-CN': `kube-apiserver 遇到不认识的 gate 会拒绝启动，而它不认识 ${gate}。文章里的 NodeAuthorizerEnablePodSelectors 从未存在；真正的是 AuthorizeWithSelectors 和 AuthorizeNodeWithSelectors。`,
      };
    case 'not-yet':
      return {
        en: `${gate} came with Kubernetes ${release}; an earlier kube-apiserver does not know it, and a gate that is not known stops the start.`,
        'zh-CN': `${gate} 自 Kubernetes ${release} 才有；更早的 kube-apiserver 不认识它，会拒绝启动。`,
      };
    case 'locked':
      return {
        en: `The feature is general by now and ${gate} is locked to ${lock} (Kubernetes ${release}): setting it the other way stops the start.`,
        'zh-CN': `该特性已 GA，${gate} 被锁定为 ${lock}（Kubernetes ${release}）：设为另一个值会导致无法启动。`,
      };
    case 'dependent':
      return {
        en: 'AuthorizeWithSelectors is off while AuthorizeNodeWithSelectors, which needs it, is on: kube-apiserver refuses the pair. Switch both off, or neither.',
        'zh-CN':
          'AuthorizeWithSelectors 被关闭，而依赖它的 AuthorizeNodeWithSelectors 是开启的：kube-apiserver 会拒绝。要么都关，要么都不关。',
      };
    case 'malformed':
      return {
        en: `A gate is written NAME=true or NAME=false; ${JSON.stringify(gate)} is not, and stops the start.`,
        'zh-CN': `gate 必须写成 NAME=true 或 NAME=false；${JSON.stringify(gate)} 不是，会导致无法启动。`,
      };
  }
}
